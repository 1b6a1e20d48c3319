import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { LATENCY_NAMES, LATENCY_PROFILES, type LatencyName } from '#domain/latency-profiles.ts';
import { AAC_FRAME_SAMPLES } from '#encoder/media/aac-config.ts';
import type { FrameRate } from '#encoder/media/media-run.ts';
import type { Sample } from '#encoder/package/fragment.ts';
import type { Segment } from '#encoder/package/segment.ts';
import { videoTimescale } from '#encoder/transcode/frame-rates.ts';
import {
  type EncodedRun,
  type EncodedRunOptions,
  encodeRun,
  type FeedStep,
  FPS_30,
  interleaved,
  toMediaRun,
} from '#test/support/encoded-run.ts';
import { FIRST_MSN, FollowedPackage, readSamples } from './followed-package.ts';

const EPOCH = 7;

function rate(numerator: number, denominator = 1): FrameRate {
  return { numerator, denominator };
}

/** FFmpeg settings for a latency profile. */
function optionsFor(
  latency: LatencyName,
  frameRate: FrameRate | null,
  audioHz: number | null,
): Partial<EncodedRunOptions> {
  const framesPerSecond = (frameRate?.numerator ?? 0) / (frameRate?.denominator ?? 1);
  const keyframeFrames = Math.round(LATENCY_PROFILES[latency].keyframeSeconds * framesPerSecond);
  return {
    seconds: latency === 'standard' ? 10 : 6,
    video: frameRate === null ? null : { frameRate, keyframeFrames, bFrames: 0 },
    audio: audioHz === null ? null : { sampleRateHz: audioHz, channels: audioHz === 44_100 ? 1 : 2 },
  };
}

function packaged(latency: LatencyName, encoded: EncodedRun, steps: readonly FeedStep[]): FollowedPackage {
  const followed = new FollowedPackage(latency);
  followed.addRun(toMediaRun(encoded, EPOCH), steps);
  return followed;
}

function segmentsOf(followed: FollowedPackage, rendition: string): readonly Segment[] {
  return followed.stream.renditions.get(rendition)?.held() ?? [];
}

/** FFmpeg's messages while it decodes all media. */
async function decoderMessages(media: Buffer): Promise<string> {
  const decoder = spawn('ffmpeg', ['-v', 'warning', '-xerror', '-i', 'pipe:0', '-f', 'null', '-'], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const messages = text(decoder.stderr);
  decoder.stdin.end(media);
  await once(decoder, 'close');
  return messages;
}

describe.each<[LatencyName, FrameRate | null, number | null]>([
  ['ultra', rate(24_000, 1001), 48_000],
  ['ultra', rate(25), 44_100],
  ['ultra', rate(60), 48_000],
  ['ultra', null, 44_100],
  ['low', rate(24), 44_100],
  ['low', rate(25), 48_000],
  ['low', rate(30_000, 1001), 48_000],
  ['low', rate(30), 48_000],
  ['low', rate(30), null],
  ['low', rate(50), 44_100],
  ['low', null, 48_000],
  ['standard', rate(30), 48_000],
  ['standard', null, 44_100],
])('%s, %o, audio at %d Hz', (latency, frameRate, audioHz) => {
  let encoded: EncodedRun;
  let followed: FollowedPackage;

  beforeAll(async () => {
    encoded = await encodeRun(optionsFor(latency, frameRate, audioHz));
    followed = packaged(latency, encoded, interleaved(encoded));
  });

  test('every playlist conforms', () => {
    followed.end();
    expect(followed.violations).toEqual([]);
  });

  test('every frame is published once, with its time and bytes', () => {
    for (const [name, track] of encoded.tracks) {
      const made = readSamples(Buffer.concat(track.frames));
      const published = readSamples(followed.media(name));
      const first = made.findIndex(({ data }) => data.equals(published[0]?.data ?? Buffer.alloc(0)));
      // The stream's media time begins with the first cut, and sound alone begins a frame early.
      const shiftTicks = (published[0]?.decodeTicks ?? 0) - (made[first]?.decodeTicks ?? 0);
      expect(shiftTicks).toBe(frameRate === null ? AAC_FRAME_SAMPLES : 0);
      expect(published.map((sample) => toText(sample, shiftTicks))).toEqual(
        made.slice(first, first + published.length).map((sample) => toText(sample)),
      );
      // Audio begins with the first video frame and ends with the last video segment, without priming and padding.
      const mayMiss = name === 'audio' && frameRate !== null ? 1 : 0;
      expect(first).toBeLessThanOrEqual(mayMiss);
      expect(made.length - first - published.length).toBeLessThanOrEqual(mayMiss);
    }
  });

  function toText({ data, decodeTicks, ...times }: Sample, shiftTicks = 0): string {
    const digest = createHash('sha256').update(data).digest('hex');
    return `${JSON.stringify({ ...times, decodeTicks: decodeTicks - shiftTicks })} ${digest}`;
  }

  test('segments of all renditions start at the same media times, video with an IDR frame', () => {
    const starts = [...encoded.tracks.keys()].map((name) =>
      segmentsOf(followed, name).map((segment) => {
        const [first] = readSamples(segment.parts[0]?.data ?? Buffer.alloc(0));
        if (first === undefined) throw new Error('an empty segment');
        expect(first.isSync).toBe(true);
        expect(segment.parts[0]?.isIndependent).toBe(true);
        return { msn: segment.msn, seconds: (first.decodeTicks + first.compositionOffsetTicks) / timescaleOf(name) };
      }),
    );
    const halfAudioFrameSeconds = 512 / (audioHz ?? 48_000);
    for (const other of starts) {
      expect(other.map(({ msn }) => msn)).toEqual(starts[0]?.map(({ msn }) => msn));
      for (const [index, { seconds }] of other.entries()) {
        const isVideo = other !== starts.at(-1) || audioHz === null;
        const leader = starts[0]?.[index]?.seconds ?? Number.NaN;
        expect(Math.abs(seconds - leader)).toBeLessThanOrEqual(isVideo ? 0 : halfAudioFrameSeconds + 1e-9);
      }
    }
    expect(starts[0]?.length).toBeGreaterThanOrEqual(2);
  });

  function timescaleOf(rendition: string): number {
    const header = encoded.tracks.get(rendition)?.header ?? Buffer.alloc(0);
    return header.readUInt32BE(header.indexOf('mdhd', 0, 'latin1') + 16);
  }

  test('segments and parts decode without messages', async () => {
    for (const name of encoded.tracks.keys()) {
      const init = followed.stream.renditions.get(name)?.initSection(EPOCH) ?? Buffer.alloc(0);
      expect(await decoderMessages(Buffer.concat([init, followed.media(name)]))).toBe('');
      const [segment] = segmentsOf(followed, name).slice(1);
      expect(await decoderMessages(Buffer.concat([init, ...(segment?.parts.map(({ data }) => data) ?? [])]))).toBe('');
    }
  });
});

describe('if the output is split and interleaved differently', () => {
  let encoded: EncodedRun;
  let expected: Map<string, Buffer>;

  beforeAll(async () => {
    encoded = await encodeRun();
    const followed = packaged('low', encoded, interleaved(encoded));
    expected = new Map([...encoded.tracks.keys()].map((name) => [name, followed.media(name)]));
  });

  /** A rendition's output in chunks of `chunkBytes`. */
  function inChunks(rendition: string, chunkBytes: number): FeedStep[] {
    const track = encoded.tracks.get(rendition);
    const all = Buffer.concat([
      track?.header ?? Buffer.alloc(0),
      ...(track?.frames ?? []),
      track?.trailer ?? Buffer.alloc(0),
    ]);
    const chunks = Array.from({ length: Math.ceil(all.length / chunkBytes) }, (_, index) =>
      all.subarray(index * chunkBytes, (index + 1) * chunkBytes),
    );
    return chunks.map((chunk) => ({ rendition, chunk }));
  }

  test.each([
    ['video first', ['480p', '360p', 'audio'], 1 << 20],
    ['audio first', ['audio', '360p', '480p'], 1 << 20],
    ['in pipe-sized chunks', ['480p', 'audio', '360p'], 65_536],
    ['in chunks of 7 bytes', ['audio', '480p', '360p'], 7],
  ])('%s, the media is the same', (_, order, chunkBytes) => {
    const followed = packaged(
      'low',
      encoded,
      order.flatMap((name) => inChunks(name, chunkBytes)),
    );
    for (const [name, media] of expected) expect(followed.media(name)).toEqual(media);
  });

  test('with B-frames, every playlist conforms and segments start with IDR frames', async () => {
    const withBFrames = await encodeRun({ video: { frameRate: FPS_30, keyframeFrames: 60, bFrames: 2 } });
    const followed = packaged('low', withBFrames, interleaved(withBFrames));
    expect(followed.violations).toEqual([]);
    expect(segmentsOf(followed, '480p').map(({ parts }) => parts.map(({ isIndependent }) => isIndependent))).toEqual(
      Array.from({ length: 3 }, () => [true, false, false, false]),
    );
  });
});

describe('a run whose audio and video begin at different times', () => {
  test('audio before the first video frame is dropped', async () => {
    const encoded = await encodeRun();
    const steps = interleaved(encoded).filter(({ rendition, chunk }) => {
      const { frames = [] } = encoded.tracks.get(rendition) ?? {};
      return rendition === 'audio' || !frames.slice(0, 60).includes(chunk);
    });
    const followed = packaged('low', encoded, steps);
    expect(followed.violations).toEqual([]);
    const [first] = readSamples(followed.media('audio'));
    const [picture] = readSamples(followed.media('480p'));
    const apart = (first?.decodeTicks ?? 0) / 48_000 - (picture?.decodeTicks ?? 0) / videoTimescale(FPS_30);
    expect(Math.abs(apart)).toBeLessThanOrEqual(512 / 48_000);
    expect(segmentsOf(followed, 'audio')[0]?.msn).toBe(FIRST_MSN);
  });

  test('a run with video publishes nothing while only audio arrives', async () => {
    const encoded = await encodeRun();
    const followed = packaged(
      'low',
      encoded,
      interleaved(encoded).filter(({ rendition }) => rendition === 'audio'),
    );
    expect(segmentsOf(followed, 'audio')).toEqual([]);
    expect(followed.stream.playableRun).toBeNull();
  });
});

test.each(LATENCY_NAMES)('%s: mediaBytes counts all media once', async (latency) => {
  const encoded = await encodeRun(optionsFor(latency, FPS_30, 48_000));
  const followed = packaged(latency, encoded, interleaved(encoded));
  const total = [...encoded.tracks.keys()].reduce((bytes, name) => bytes + followed.media(name).length, 0);
  expect(followed.stream.mediaBytes()).toBe(total);
});
