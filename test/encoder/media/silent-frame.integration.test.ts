import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';
import { AUDIO_TAG, type FlvTag, isAudioSequenceHeader } from '#encoder/media/flv-tag.ts';
import { flvHeader, flvTag } from '#encoder/media/flv-writer.ts';
import { matroskaFrame, matroskaHeader } from '#encoder/media/matroska-writer.ts';
import { silentFrame } from '#encoder/media/silent-frame.ts';
import { BitWriter } from './bit-writer.ts';
import { makeFlvTags, testAudio } from './ffmpeg.ts';

const FRAMES = 50;

function decode(tags: readonly FlvTag[], channels: number): Promise<{ loudest: number; samples: number }> {
  const header = flvHeader({ hasVideo: false, hasAudio: true });
  return decodeFile('flv', Buffer.concat([header, ...tags.map((tag) => flvTag(tag, tag.timestampMs))]), channels);
}

/** The decoded samples of all channels, and how many there are in each. Throws if FFmpeg finds fault with the bytes. */
async function decodeFile(
  format: string,
  file: Buffer,
  channels: number,
): Promise<{ loudest: number; samples: number }> {
  const args = [
    '-v',
    'warning',
    '-xerror',
    '-f',
    format,
    '-i',
    'pipe:0',
    '-f',
    's16le',
    '-ac',
    `${channels}`,
    'pipe:1',
  ];
  const ffmpeg = spawn('ffmpeg', args, { stdio: 'pipe' });
  ffmpeg.stdin.end(file);
  const [pcm, stderr] = await Promise.all([buffer(ffmpeg.stdout), text(ffmpeg.stderr), once(ffmpeg, 'close')]);
  if (stderr !== '') throw new Error(stderr);
  let loudest = 0;
  for (let offset = 0; offset < pcm.length; offset += 2) {
    loudest = Math.max(loudest, Math.abs(pcm.readInt16LE(offset)));
  }
  return { loudest, samples: pcm.length / 2 / channels };
}

/** The header, if there is one, and silence. */
function silence(headers: readonly FlvTag[], source: FlvTag): { tags: FlvTag[]; durationMs: number } {
  const frame = silentFrame(source);
  if (frame === null) throw new Error('there is no silence for this source');
  const { payload, durationMs } = frame;
  const tags = Array.from({ length: FRAMES }, (_, index) => {
    return { type: AUDIO_TAG, timestampMs: Math.round(index * durationMs), payload } as const;
  });
  return { tags: [...headers, ...tags], durationMs };
}

test.each([
  ['mono', 1, 48_000],
  ['stereo', 2, 44_100],
  ['2.1', 3, 48_000],
  ['4.0', 4, 48_000],
  ['5.0', 5, 48_000],
  ['5.1', 6, 48_000],
  ['7.1', 8, 48_000],
  ['stereo at 22.05 kHz', 2, 22_050],
])('AAC, %s', async (layout, channels, rateHz) => {
  const formats = ['-ar', `${rateHz}`, '-ac', `${channels}`];
  const surround = /^\d\.\d$/.test(layout) ? ['-channel_layout', layout === '2.1' ? '3.0' : layout] : [];
  const [header] = (await makeFlvTags([...testAudio(0.3), '-c:a', 'aac', ...formats, ...surround])).filter(
    isAudioSequenceHeader,
  );
  if (header === undefined) throw new Error('there is no sequence header');
  const { tags, durationMs } = silence([header], header);
  expect(durationMs).toBeCloseTo((1024 * 1000) / rateHz, 6);
  expect(await decode(tags, channels)).toEqual({ loudest: 0, samples: FRAMES * 1024 });
});

test('HE-AAC: each frame is twice as long at twice the rate', async () => {
  // Object type 5 at 22.05 kHz, stereo, extended to LC at 44.1 kHz.
  const config = new BitWriter().bits(5, 5).bits(7, 4).bits(2, 4).bits(4, 4).bits(2, 5).bits(0, 3).toBuffer();
  const header: FlvTag = { type: AUDIO_TAG, timestampMs: 0, payload: Buffer.from([0xaf, 0, ...config]) };
  const { tags, durationMs } = silence([header], header);
  expect(durationMs).toBeCloseTo((2048 * 1000) / 44_100, 6);
  expect(await decode(tags, 2)).toEqual({ loudest: 0, samples: FRAMES * 2048 });
});

test.each([44_100, 22_050, 11_025])('MP3 at %d Hz', async (rateHz) => {
  const tags = await makeFlvTags([...testAudio(0.5), '-c:a', 'libmp3lame', '-ac', '2', '-ar', `${rateHz}`]);
  const frame = tags.filter(({ type }) => type === AUDIO_TAG).at(-2);
  if (frame === undefined) throw new Error('there is no frame');
  const { tags: silent, durationMs } = silence([], frame);
  const samples = rateHz === 44_100 ? 1152 : 576;
  expect(durationMs).toBeCloseTo((samples * 1000) / rateHz, 6);
  const decoded = await decode(silent, 2);
  expect(decoded.loudest).toBe(0);
  expect(decoded.samples).toBeGreaterThan((FRAMES - 3) * samples);
});

/** A header as OBS sends it: RFC 7845, 5.1. */
function opusHeader(channels: number): FlvTag {
  const head = Buffer.alloc(19);
  head.write('OpusHead');
  head[8] = 1;
  head[9] = channels;
  head.writeUInt32LE(48_000, 12);
  return { type: AUDIO_TAG, timestampMs: 0, payload: Buffer.concat([Buffer.from('\x90Opus', 'latin1'), head]) };
}

test.each([1, 2])('Opus with %d channels', async (channels) => {
  const header = opusHeader(channels);
  const { tags, durationMs } = silence([], header);
  expect(durationMs).toBe(20);
  const source = { video: null, audio: { codec: 'opus', sampleRateHz: 48_000, channels } } as const;
  const frames = tags.map((tag) => matroskaFrame(tag, tag.timestampMs));
  const file = Buffer.concat([matroskaHeader(source, [header]), ...frames]);
  expect(await decodeFile('matroska', file, channels)).toEqual({ loudest: 0, samples: FRAMES * 960 });
});

test('Opus with more channels has no known silence', () => {
  expect(silentFrame(opusHeader(6))).toBeNull();
});

test.each([
  ['channels that a program config element lists', new BitWriter().bits(2, 5).bits(3, 4).bits(0, 4).bits(0, 3)],
  ['frames of 960 samples', new BitWriter().bits(2, 5).bits(3, 4).bits(2, 4).bits(1, 1).bits(0, 2)],
  ['low delay', new BitWriter().bits(23, 5).bits(3, 4).bits(2, 4).bits(0, 3)],
])('AAC with %s has no known silence', (_name, config) => {
  const payload = Buffer.from([0xaf, 0, ...config.toBuffer()]);
  expect(silentFrame({ type: AUDIO_TAG, timestampMs: 0, payload })).toBeNull();
});

test('nor has a frame of another codec, or bytes that are no frame', () => {
  for (const bytes of [[], [0xaf], [0xaf, 1, 0x21], [0x2f, 0, 0, 0, 0, 0], [0x2f, 0xff, 0xfb], [0x90, 0x4f]]) {
    expect(silentFrame({ type: AUDIO_TAG, timestampMs: 0, payload: Buffer.from(bytes) })).toBeNull();
  }
});
