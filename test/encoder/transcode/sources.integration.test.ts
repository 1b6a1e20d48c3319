import { AUDIO_TAG, type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { framesPerSecond } from '#encoder/media/media-run.ts';
import { encodeAmf0 } from '#kit/amf0.ts';
import { makeFlvTags } from '#test/encoder/media/ffmpeg.ts';
import { type EnhancedClip, interleave, legacyTags, makeEnhancedTags } from './enhanced-clip.ts';
import { probeTrack } from './media-probe.ts';
import { FLASH } from './source-clip.ts';
import { framesOf, outputOf, startSession, stopSessions } from './transcode-session.ts';
import { beepSeconds, flashSeconds, transcodeTags } from './transcoded-tags.ts';

const SECONDS = 3;
/** How far sound and picture may be apart. */
const SYNC_SECONDS = 0.05;

afterEach(stopSessions);

interface PublishedClip {
  /** FFmpeg's rate and size of the picture that flashes, and filters behind it. */
  readonly rate?: string;
  readonly size?: string;
  readonly filter?: string;
  /** H.264 options, or another codec. */
  readonly video?: readonly string[] | EnhancedClip;
  /** Of the sound that beeps. */
  readonly sampleRateHz?: number;
  readonly channels?: string;
  /** AAC options, or another codec. */
  readonly audio?: readonly string[] | EnhancedClip;
}

/** What viewers get. Defaults are those of a plain source: 640 x 360, 30 frames a second, 48 kHz, stereo. */
interface ViewedClip {
  readonly size?: string;
  readonly rate?: number;
  readonly sampleRateHz?: number;
  readonly channels?: number;
}

const x264 = (...options: readonly string[]) => [
  '-c:v',
  'libx264',
  '-preset',
  'ultrafast',
  '-bf',
  '0',
  '-g',
  '60',
  ...options,
];
const aac = (...options: readonly string[]) => ['-c:a', 'aac', '-b:a', '128k', ...options];
const hdr = (transfer: string) => `colorprim=bt2020:transfer=${transfer}:colormatrix=bt2020nc`;
const x265 = (...params: readonly string[]) => [
  ...['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1'],
  ...['-x265-params', ['log-level=none', 'keyint=60', ...params].join(':')],
];
const FIELDS = ['-flags', '+ildct+ilme', '-x264-params', 'tff=1'];

const SOURCES: readonly (readonly [name: string, source: PublishedClip, viewed: ViewedClip])[] = [
  ['a GOP that never ends', { video: x264('-g', '100000', '-sc_threshold', '0') }, {}],
  [
    'B-frames and open GOPs',
    { video: ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3', '-x264-params', 'open-gop=1'] },
    {},
  ],
  ['intra refresh', { video: x264('-x264-params', 'intra-refresh=1') }, {}],
  ['23.976 frames a second', { rate: '24000/1001' }, { rate: 24000 / 1001 }],
  ['25 frames a second', { rate: '25' }, { rate: 25 }],
  ['50 frames a second', { rate: '50' }, { rate: 50 }],
  ['59.94 frames a second', { rate: '60000/1001' }, { rate: 60000 / 1001 }],
  ['upright', { size: '360x640' }, { size: '360x640' }],
  ['odd sides', { size: '642x362', filter: 'scale=641:361', video: x264('-pix_fmt', 'yuv444p') }, { size: '640x360' }],
  ['wide pixels', { size: '720x576', rate: '25', filter: 'setsar=64/45' }, { size: '640x360', rate: 25 }],
  [
    'fields',
    { size: '640x360', rate: '50', filter: 'tinterlace=interleave_top', video: x264(...FIELDS) },
    { rate: 25 },
  ],
  ['10 bits', { video: x264('-pix_fmt', 'yuv420p10') }, {}],
  ['PQ', { filter: 'format=yuv420p10', video: x264('-x264-params', hdr('smpte2084')) }, {}],
  ['AAC of 22.05 kHz, mono', { sampleRateHz: 22_050, channels: 'mono' }, { channels: 1 }],
  ['AAC of 44.1 kHz', { sampleRateHz: 44_100 }, { sampleRateHz: 44_100 }],
  ['AAC of 96 kHz', { sampleRateHz: 96_000 }, {}],
  ['AAC of 5.1 channels', { channels: '5.1' }, {}],
  ['MP3', { audio: ['-c:a', 'libmp3lame'], sampleRateHz: 44_100 }, { sampleRateHz: 44_100 }],
  ['HEVC', { video: { fourCc: 'hvc1', options: x265('bframes=0') } }, {}],
  [
    'HEVC of 10 bits, with HLG and B-frames',
    {
      filter: 'format=yuv420p10',
      video: { fourCc: 'hvc1', options: x265('bframes=2', hdr('arib-std-b67')) },
      audio: { fourCc: 'fLaC', options: ['-c:a', 'flac'] },
    },
    {},
  ],
  ['AV1', { video: { fourCc: 'av01', options: ['-c:v', 'libsvtav1', '-preset', '12', '-g', '60'] } }, {}],
  [
    'VP9 with Opus',
    {
      video: { fourCc: 'vp09', options: ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'] },
      audio: { fourCc: 'Opus', options: ['-c:a', 'libopus'] },
    },
    {},
  ],
  ['Opus', { audio: { fourCc: 'Opus', options: ['-c:a', 'libopus'] } }, {}],
  ['FLAC', { audio: { fourCc: 'fLaC', options: ['-c:a', 'flac'] }, sampleRateHz: 44_100 }, { sampleRateHz: 44_100 }],
  ['AC-3', { audio: { fourCc: 'ac-3', options: ['-c:a', 'ac3'] }, channels: '5.1' }, {}],
  ['E-AC-3, mono', { audio: { fourCc: 'ec-3', options: ['-c:a', 'eac3'] }, channels: 'mono' }, { channels: 1 }],
];

test.each(SOURCES)('%s: plays as it is, with its sound in step', async (_, source, viewed) => {
  const { size = '640x360', rate = 30, sampleRateHz = 48_000, channels = 2 } = viewed;
  const recorded = await transcodeTags(await makeTags(source), SECONDS, { ladder: '360p' });
  const picture = await probeTrack(outputOf(recorded, '360p'));
  const sound = await probeTrack(outputOf(recorded, 'audio'));
  expect(`${picture.width}x${picture.height}`).toBe(size);
  expect(recorded.run.frameRate && framesPerSecond(recorded.run.frameRate)).toBeCloseTo(rate, 3);
  expect(picture.packets.length).toBeGreaterThan((SECONDS - 0.5) * rate);
  expect([sound.sampleRateHz, sound.channels]).toEqual([sampleRateHz, channels]);
  const flashes = await flashSeconds(recorded, '360p');
  const beeps = await beepSeconds(recorded);
  expect(flashes.length).toBeGreaterThanOrEqual(2);
  for (const [index, flash] of flashes.entries()) {
    expect(Math.abs(flash - (beeps[index] ?? Number.NaN))).toBeLessThan(SYNC_SECONDS);
  }
});

test('further tracks, modifiers and legacy codecs with a FourCC: the first tracks play, and a warning says so', async () => {
  const tags = (await makeTags({}))
    .map(toEnhanced)
    .flatMap((tag) => (tag.type === VIDEO_TAG ? [tag, secondTrack(tag)] : [tag]));
  const session = startSession({ ladder: '360p' });
  session.burst(tags);
  await session.until(() => session.fatal.length > 0 || framesOf(session.runs[0], '360p') >= 60);
  const { videoCodec, audioCodec, warnings } = session.transcoder.health();
  await session.transcoder.stop();
  expect(session.fatal).toEqual([]);
  expect([videoCodec, audioCodec]).toEqual(['h264', 'aac']);
  expect(warnings.join()).toContain('More than one video track arrives, and only the first is used');
});

/** Writes a tag of H.264 or AAC as Enhanced RTMP v2 has it, with a modifier. */
function toEnhanced(tag: FlvTag): FlvTag {
  if (tag.type === SCRIPT_TAG) return tag;
  const [first = 0, packetType = 0] = tag.payload;
  const isAudio = tag.type === AUDIO_TAG;
  const head = isAudio ? 0x97 : 0x80 | (first & 0x70) | 7;
  const body = isAudio ? tag.payload.subarray(2) : tag.payload.subarray(packetType === 0 ? 5 : 2);
  const modified = Buffer.from([head, 2, 0, 0, 9, packetType, ...Buffer.from(isAudio ? 'mp4a' : 'avc1')]);
  return { ...tag, payload: Buffer.concat([modified, body]) };
}

/** The same moment of another track: HEVC that no decoder understands. */
function secondTrack(tag: FlvTag): FlvTag {
  return {
    ...tag,
    payload: Buffer.concat([Buffer.from([0x96, 0x01]), Buffer.from('hvc1'), Buffer.from([1, 0, 0, 0, 9])]),
  };
}

test('2160p60 of HEVC becomes what the ladder has', async () => {
  const seconds = 0.6;
  const input = ['-f', 'lavfi', '-i', `color=black:s=3840x2160:r=60:d=${seconds},${FLASH}`];
  const tags = await makeEnhancedTags(VIDEO_TAG, { fourCc: 'hvc1', options: [...input, ...x265('bframes=0')] });
  const recorded = await transcodeTags(tags, seconds, { ladder: '360p' });
  const { width, height, packets } = await probeTrack(outputOf(recorded, '360p'));
  expect([width, height]).toEqual([640, 360]);
  expect(recorded.run.frameRate).toEqual({ numerator: 60, denominator: 1 });
  expect(packets.length).toBeGreaterThan(30);
});

async function makeTags(source: PublishedClip): Promise<FlvTag[]> {
  const { video = x264(), audio = aac() } = source;
  const picture = [...videoInput(source), ...('fourCc' in video ? video.options : video)];
  const sound = [...audioInput(source), ...('fourCc' in audio ? audio.options : audio)];
  const [videoTags, audioTags] = await Promise.all([
    'fourCc' in video ? makeEnhancedTags(VIDEO_TAG, { ...video, options: picture }) : legacyClip(VIDEO_TAG, picture),
    'fourCc' in audio ? makeEnhancedTags(AUDIO_TAG, { ...audio, options: sound }) : legacyClip(AUDIO_TAG, sound),
  ]);
  return [...('fourCc' in video ? [metadata(source)] : []), ...interleave(videoTags, audioTags)];
}

const legacyClip = async (type: FlvTag['type'], options: readonly string[]): Promise<FlvTag[]> =>
  legacyTags(type, await makeFlvTags(options));

function videoInput({ size = '640x360', rate = '30', filter = 'null' }: PublishedClip): string[] {
  const picture = `color=black:s=${size}:r=${rate}:d=${SECONDS},${FLASH},${filter}`;
  return ['-f', 'lavfi', '-i', picture];
}

function audioInput({ sampleRateHz = 48_000, channels = 'stereo' }: PublishedClip): string[] {
  const beep = '0.8*sin(2*PI*1000*t)*lt(mod(t,1),0.1)';
  const count = { mono: 1, stereo: 2, '5.1': 6 }[channels] ?? 2;
  const exprs = Array(count).fill(beep).join('|');
  return ['-f', 'lavfi', '-i', `aevalsrc=exprs='${exprs}':c=${channels}:s=${sampleRateHz}:d=${SECONDS}`];
}

/** The picture's size and rate, which only the metadata tells of AV1 and VP9. */
function metadata({ size = '640x360', rate = '30' }: PublishedClip): FlvTag {
  const [width, height] = size.split('x').map(Number);
  const [numerator = Number.NaN, denominator = 1] = rate.split('/').map(Number);
  const fields = { width, height, framerate: numerator / denominator, videocodecid: 1, audiocodecid: 1 };
  return { type: SCRIPT_TAG, timestampMs: 0, payload: encodeAmf0('onMetaData', fields) };
}
