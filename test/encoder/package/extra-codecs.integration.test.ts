import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ExtraCodec } from '#domain/video-codecs.ts';
import type { RunFormat } from '#encoder/media/media-run.ts';
import { BOX_HEADER_BYTES, childBoxes } from '#encoder/package/box-stream.ts';
import { renderDashManifest } from '#encoder/package/dash-manifest.ts';
import { renderMultivariantPlaylist } from '#encoder/package/multivariant-playlist.ts';
import type { RenditionTimeline } from '#encoder/package/rendition-timeline.ts';
import type { Segment } from '#encoder/package/segment.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { SlateMaker } from '#encoder/slate/slate-maker.ts';
import { SlateRun } from '#encoder/slate/slate-run.ts';
import { createLogger } from '#runtime/log.ts';
import { FLASH, makeSourceTags } from '../transcode/source-clip.ts';
import { framesOf, startSession, stopSessions } from '../transcode/transcode-session.ts';

const FONTS = fileURLToPath(new URL('../../../node_modules/dejavu-fonts-ttf/ttf', import.meta.url));
const LATENCY = 'low';
const FRAME_RATE = 15;
const SLATE_MS = 2_500;
const KILLED_AFTER_MS = 5_000;
const CLIP = {
  seconds: 8,
  video: { width: 640, height: 360, frameRate: `${FRAME_RATE}`, drawing: FLASH },
  audio: { sampleRateHz: 48_000, channels: 2 },
} as const;

interface CodecCase {
  readonly codec: ExtraCodec;
  readonly codecString: RegExp;
  /** The highest bitrate of a segment for each bit of the average that is declared. */
  readonly peakFactor: number;
  /** Whether decoding can start with a sample, whatever came before it. */
  readonly isKeyframe: (sample: Buffer) => boolean;
}

const CASES: readonly CodecCase[] = [
  {
    codec: 'hevc',
    codecString: /^hvc1\.1\.6\.L63(\.[0-9A-F]{2})+,mp4a\.40\.2$/,
    peakFactor: 1.25,
    isKeyframe: isHevcIdr,
  },
  { codec: 'av1', codecString: /^av01\.0\.\d\dM\.08,mp4a\.40\.2$/, peakFactor: 1.5, isKeyframe: isAv1Keyframe },
];

afterEach(stopSessions);

test.each(CASES)(
  '$codec is cut as H.264 is, over a killed FFmpeg and a slate, and can be decoded from end to end',
  async ({ codec, codecString, peakFactor, isKeyframe }) => {
    const name = `360p-${codec}`;
    const tags = await makeSourceTags(CLIP);
    const stream = new StreamPackage({ latency: LATENCY, firstMsn: 1 });
    const session = startSession({ ladder: '360p', latency: LATENCY, codecs: ['h264', codec], stream });
    session.burst(tags.filter(({ timestampMs }) => timestampMs < KILLED_AFTER_MS));
    await session.until(() => framesOf(session.runs[0], name) >= 65);
    session.processes[0]?.kill('SIGKILL');
    await session.until(() => session.runs.length === 2);
    session.burst(tags.filter(({ timestampMs }) => timestampMs >= KILLED_AFTER_MS));
    await session.until(() => framesOf(session.runs[1], name) >= 25);
    await session.transcoder.stop();
    const [first, second] = session.runs;
    if (first === undefined || second === undefined) throw new Error('FFmpeg was not replaced');
    await addSlate(stream, second.run);
    stream.end();

    const [h264, extra] = ['360p', name].map((rendition) => stream.renditions.get(rendition));
    if (h264 === undefined || extra === undefined) throw new Error('a rendition is missing');
    expect(cutsOf(extra, first.run.epoch)).toEqual(cutsOf(h264, first.run.epoch));
    const segments = extra.held().filter(({ parts }) => parts.length > 0);
    expect(new Set(segments.map(({ epoch }) => epoch)).size).toBe(3);
    for (const segment of segments) {
      expect(segment.parts[0]?.isIndependent).toBe(true);
      expect(isKeyframe(firstSample(segment))).toBe(true);
    }
    // A slate's parameters are those of FFmpeg's runs, so one decoder goes on over all of them.
    const initSections = segments.map(({ epoch }) => extra.initSection(epoch)?.toString('hex'));
    expect(new Set(initSections).size).toBe(1);

    const { stderr, frames } = await decode(extra);
    expect(stderr).toBe('');
    const seconds = segments.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
    expect(frames).toBe(Math.round(seconds * FRAME_RATE));

    const variants =
      renderMultivariantPlaylist(stream)
        ?.split('\n')
        .filter((line) => line.startsWith('#EXT-X-STREAM-INF:')) ?? [];
    expect(variants.map((line) => /CODECS="([^"]+)"/.exec(line)?.[1])).toEqual([
      expect.stringMatching(/^avc1\.6400[0-9a-f]{2},mp4a\.40\.2$/),
      expect.stringMatching(codecString),
    ]);
    const peak = Number(/:BANDWIDTH=(\d+)/.exec(variants[1] ?? '')?.[1]);
    const [avc = 0, other = 0] = variants.map((line) => Number(/AVERAGE-BANDWIDTH=(\d+)/.exec(line)?.[1]));
    expect(other).toBeLessThan(avc - 200_000);
    expect(peak - other).toBeGreaterThanOrEqual((second.run.video[1]?.videoKbps ?? 0) * 1000 * (peakFactor - 1));

    const manifest = renderDashManifest(stream, { publishedAtMs: Date.now(), phase: 'ended' }) ?? '';
    const sets = manifest.split('<AdaptationSet ').slice(1);
    const entriesOf = (set: string) => new Set([...set.matchAll(/codecs="([a-z0-9]+)/g)].map(([, entry]) => entry));
    expect(new Set(sets.map((set) => [...entriesOf(set)].join()))).toEqual(
      new Set(['avc1', 'mp4a', codecString.source.slice(1, 5)]),
    );
  },
  120_000,
);

/** A slate as the stream would show it, of which 2.5 s are due at once. */
async function addSlate(stream: StreamPackage, run: RunFormat): Promise<void> {
  const maker = new SlateMaker({
    ...{ imagePath: null, readImage: async () => null, fontsDir: FONTS, spawn },
    log: createLogger({ service: 'test', level: 'silent' }),
  });
  const plan = { ...run, latency: LATENCY } as const;
  const slate = await maker.make(plan, 'Title', 'publisher-away');
  if (slate === null) throw new Error('there is no slate');
  const nowMs = Date.now();
  const slateRun = new SlateRun({
    ...{ slate, epoch: 3, startsAtMs: nowMs - SLATE_MS, beginRun: (media) => stream.beginRun(media) },
    ...{ now: () => nowMs, steadyNow: () => 0 },
    onFailed: (error) => {
      throw error;
    },
  });
  slateRun.end(null);
}

/** A killed FFmpeg may not have put out the same in all renditions, so the parts of its last segment do not count. */
function cutsOf(timeline: RenditionTimeline, killedEpoch: number) {
  const segments = timeline.held();
  const cutOff = segments.findLast(({ epoch }) => epoch === killedEpoch);
  return segments.map((segment) => {
    const { msn, epoch, mediaSeconds, discontinuityNumber, parts } = segment;
    const shown = parts.map(({ durationSeconds, isIndependent }) => ({ durationSeconds, isIndependent }));
    return { msn, epoch, mediaSeconds, discontinuityNumber, parts: segment === cutOff ? null : shown };
  });
}

/** IDR_W_RADL and IDR_N_LP (ITU-T H.265, table 7-1). */
const HEVC_IDR_TYPES: readonly number[] = [19, 20];
/** Types from here on are no pictures. */
const HEVC_PARAMETER_SETS = 32;

function isHevcIdr(sample: Buffer): boolean {
  for (let at = 0; at < sample.length; at += 4 + sample.readUInt32BE(at)) {
    const type = (sample.readUInt8(at + 4) >> 1) & 0x3f;
    if (type < HEVC_PARAMETER_SETS) return HEVC_IDR_TYPES.includes(type);
  }
  return false;
}

/** A sequence header, and then a frame that begins with bits for: not one that exists, of the type KEY_FRAME, shown (AV1 5.9.2). */
function isAv1Keyframe(sample: Buffer): boolean {
  const SEQUENCE_HEADER_OBU = 0x0a;
  const FRAME_OBU = 0x32;
  const frameAt = 2 + sample.readUInt8(1);
  let bodyAt = frameAt + 1;
  while (sample.readUInt8(bodyAt++) & 0x80) {
    // a size byte whose top bit is set is followed by another
  }
  return sample[0] === SEQUENCE_HEADER_OBU && sample[frameAt] === FRAME_OBU && sample.readUInt8(bodyAt) >> 4 === 0b0001;
}

function firstSample({ parts }: Segment): Buffer {
  const mdat = childBoxes(parts[0]?.data ?? Buffer.alloc(0)).find(({ type }) => type === 'mdat');
  return mdat?.data.subarray(BOX_HEADER_BYTES) ?? Buffer.alloc(0);
}

async function decode(timeline: RenditionTimeline): Promise<{ readonly stderr: string; readonly frames: number }> {
  const segments = timeline.held();
  const init = timeline.initSection(segments[0]?.epoch ?? 0) ?? Buffer.alloc(0);
  const media = segments.flatMap(({ parts }) => parts.map(({ data }) => data));
  const args = ['-v', 'warning', '-nostdin', '-i', 'pipe:0', '-fps_mode', 'passthrough', '-f', 'framemd5', '-'];
  const decoding = promisify(execFile)('ffmpeg', args);
  decoding.child.stdin?.end(Buffer.concat([init, ...media]));
  const { stdout, stderr } = await decoding;
  return { stderr, frames: stdout.split('\n').filter((line) => /^\d/.test(line)).length };
}
