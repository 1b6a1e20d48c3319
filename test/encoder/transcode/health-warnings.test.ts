import { type HealthFacts, healthWarnings } from '#encoder/transcode/health-warnings.ts';

const HEALTHY: HealthFacts = {
  inputKbps: 2500,
  expectedKbps: 2500,
  frameRate: 30,
  keyframeIntervalSeconds: 2,
  secondsSinceKeyframe: 1,
  droppedFrames: 0,
  delaySeconds: 0,
  hasVideo: true,
  hasAudio: true,
  declaredFrameRate: 30,
  isVideoMissing: false,
  wasVideoMissing: false,
  isEncoderSlow: false,
  reduction: null,
  wasOverloaded: false,
};
const SET_KEYFRAMES = 'set the keyframe interval to 2 s (OBS: Settings > Output > Streaming > Keyframe Interval)';
const slowUpload = (mbps: number) =>
  `The upload is slower than the ${mbps} Mbit/s that the stream needs; lower the bitrate, or use a network cable ` +
  '(OBS: Settings > Output > Streaming > Video Bitrate)';
const lostFrames = (count: number) =>
  `${count} frames were lost in the last minute; lower the bitrate if the network drops frames, or the resolution if ` +
  'rendering or encoding lags (OBS: Docks > Stats)';
const SEND_LESS = 'send a smaller picture or fewer frames a second (OBS: Settings > Video > Output Resolution, FPS)';
const SERVER_TOO_SLOW = `The server can't keep up with the stream; ${SEND_LESS}`;

/** The facts before anything is known. */
const UNKNOWN: HealthFacts = {
  inputKbps: 0,
  expectedKbps: null,
  frameRate: null,
  keyframeIntervalSeconds: null,
  secondsSinceKeyframe: null,
  droppedFrames: 0,
  delaySeconds: 0,
  hasVideo: false,
  hasAudio: false,
  declaredFrameRate: null,
  isVideoMissing: false,
  wasVideoMissing: false,
  isEncoderSlow: false,
  reduction: null,
  wasOverloaded: false,
};

test.each<[string, Partial<HealthFacts>, string[]]>([
  ['all is well', {}, []],
  ['nothing is known yet', UNKNOWN, []],
  ['the longest interval without a warning', { keyframeIntervalSeconds: 4 }, []],
  ['keyframes are rare', { keyframeIntervalSeconds: 8 }, [`Keyframes come every 8 s; ${SET_KEYFRAMES}`]],
  [
    'keyframes are rare by a fraction',
    { keyframeIntervalSeconds: 8.3 },
    [`Keyframes come every 8.3 s; ${SET_KEYFRAMES}`],
  ],
  [
    'keyframes have stopped',
    { keyframeIntervalSeconds: 8, secondsSinceKeyframe: 14 },
    [`No keyframe has come for 14 s; ${SET_KEYFRAMES}`],
  ],
  ['a still picture needs little', { inputKbps: 200 }, []],
  ['the upload is late and slow', { inputKbps: 1200, delaySeconds: 2 }, [slowUpload(2.5)]],
  ['the upload is late but catches up', { inputKbps: 2600, delaySeconds: 2 }, []],
  [
    'the publisher drops frames because the upload is slow',
    { inputKbps: 1200, droppedFrames: 90 },
    [slowUpload(2.5), lostFrames(90)],
  ],
  ['the upload of a tiny stream', { inputKbps: 10, expectedKbps: 40, delaySeconds: 5 }, [slowUpload(0.1)]],
  ['a few lost frames', { droppedFrames: 10 }, []],
  ['many lost frames', { droppedFrames: 11 }, [lostFrames(11)]],
  [
    'half the frames',
    { frameRate: 15.2 },
    [
      'Only 15.2 of 30 frames a second arrive; the computer is too busy, so choose a hardware encoder or a smaller picture ' +
        '(OBS: Settings > Output > Streaming > Video Encoder)',
    ],
  ],
  ['half the frames because they are late', { frameRate: 15, delaySeconds: 2 }, []],
  ['a frame rate that is not declared', { frameRate: 5, declaredFrameRate: null }, []],
  [
    'no audio',
    { hasAudio: false },
    ['No sound arrives; send an audio track (OBS: Settings > Output > Streaming > Audio Track)'],
  ],
  [
    'video that has stopped',
    { isVideoMissing: true, wasVideoMissing: true, frameRate: 3 },
    ['No picture arrives any more; start the stream again (OBS: Controls > Stop Streaming, then Start Streaming)'],
  ],
  ['video that has come back', { wasVideoMissing: true, frameRate: 3 }, []],
  ['no video', { ...UNKNOWN, hasAudio: true, inputKbps: 128 }, []],
  ['an encoder that is too slow', { isEncoderSlow: true }, [SERVER_TOO_SLOW]],
  [
    'half the frames of the best rendition',
    { reduction: { full: { name: '720p', frameRate: 60 }, current: { name: '720p', frameRate: 30 } } },
    [
      `The server is too busy for full quality, so viewers get 720p with 30 instead of 60 frames a second; ${SEND_LESS}`,
    ],
  ],
  [
    'a rendition that was left out',
    { reduction: { full: { name: '1080p', frameRate: 29.97 }, current: { name: '720p', frameRate: 14.985 } } },
    [`The server is too busy for full quality, so viewers get at most 720p instead of 1080p; ${SEND_LESS}`],
  ],
  ['an encoder that was replaced', { wasOverloaded: true }, [SERVER_TOO_SLOW]],
])('%s', (_name, facts, warnings) => {
  expect(healthWarnings({ ...HEALTHY, ...facts })).toEqual(warnings);
});
