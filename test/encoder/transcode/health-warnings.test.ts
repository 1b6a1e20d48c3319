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
  ['keyframes are rare', { keyframeIntervalSeconds: 8 }, ['keyframe interval is 8 s, set it to 2 s']],
  ['keyframes are rare by a fraction', { keyframeIntervalSeconds: 8.3 }, ['keyframe interval is 8.3 s, set it to 2 s']],
  [
    'keyframes have stopped',
    { keyframeIntervalSeconds: 8, secondsSinceKeyframe: 14 },
    ['no keyframe for 14 s, set the keyframe interval to 2 s'],
  ],
  ['a still picture needs little', { inputKbps: 200 }, []],
  ['the upload is late and slow', { inputKbps: 1200, delaySeconds: 2 }, ['upload drops below 2.5 Mbit/s']],
  ['the upload is late but catches up', { inputKbps: 2600, delaySeconds: 2 }, []],
  [
    'the publisher drops frames because the upload is slow',
    { inputKbps: 1200, droppedFrames: 90 },
    ['upload drops below 2.5 Mbit/s', '90 frames were lost in the last minute'],
  ],
  [
    'the upload of a tiny stream',
    { inputKbps: 10, expectedKbps: 40, delaySeconds: 5 },
    ['upload drops below 0.1 Mbit/s'],
  ],
  ['a few lost frames', { droppedFrames: 10 }, []],
  ['many lost frames', { droppedFrames: 11 }, ['11 frames were lost in the last minute']],
  ['half the frames', { frameRate: 15.2 }, ['only 15.2 of 30 frames a second arrive']],
  ['half the frames because they are late', { frameRate: 15, delaySeconds: 2 }, []],
  ['a frame rate that is not declared', { frameRate: 5, declaredFrameRate: null }, []],
  ['no audio', { hasAudio: false }, ['no audio arrives']],
  ['video that has stopped', { isVideoMissing: true, wasVideoMissing: true, frameRate: 3 }, ['no video arrives']],
  ['video that has come back', { wasVideoMissing: true, frameRate: 3 }, []],
  ['no video', { ...UNKNOWN, hasAudio: true, inputKbps: 128 }, []],
  ['an encoder that is too slow', { isEncoderSlow: true }, ["the encoder can't keep up"]],
  [
    'half the frames of the best rendition',
    { reduction: { full: { name: '720p', frameRate: 60 }, current: { name: '720p', frameRate: 30 } } },
    ['the encoder is too busy for full quality: viewers get 720p with 30 instead of 60 frames a second'],
  ],
  [
    'a rendition that was left out',
    { reduction: { full: { name: '1080p', frameRate: 29.97 }, current: { name: '720p', frameRate: 14.985 } } },
    ['the encoder is too busy for full quality: viewers get at most 720p instead of 1080p'],
  ],
  ['an encoder that was replaced', { wasOverloaded: true }, ["the encoder can't keep up"]],
])('%s', (_name, facts, warnings) => {
  expect(healthWarnings({ ...HEALTHY, ...facts })).toEqual(warnings);
});
