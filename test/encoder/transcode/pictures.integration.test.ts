import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { makeFlvTags } from '#test/encoder/media/ffmpeg.ts';
import { decodeBrightness, probeTrack } from './media-probe.ts';
import { framesOf, outputOf, type RecordedRun, startSession, stopSessions } from './transcode-session.ts';
import { transcodeTags } from './transcoded-tags.ts';

const SECONDS = 2;
const FAST = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50', '-bf', '0'];
/** Pictures that move, at twice the frame rate of the clip, so that two of them make the fields of a frame. */
const MOTION = ['-f', 'lavfi', '-i', `testsrc2=s=720x576:r=50:d=${SECONDS}`];

afterEach(stopSessions);

const makeTags = (input: readonly string[], filter: string, options: readonly string[]): Promise<FlvTag[]> =>
  makeFlvTags([...input, '-vf', filter, ...FAST, ...options]);

async function sizesOf(recorded: RecordedRun): Promise<string[]> {
  const tracks = await Promise.all(recorded.run.video.map(({ name }) => probeTrack(outputOf(recorded, name))));
  return tracks.map(({ width, height }) => `${width}x${height}`);
}

/** What FFmpeg writes about a file when it filters it. */
async function filterReport(file: Buffer, filter: string): Promise<string> {
  const args = ['-hide_banner', '-nostats', '-i', 'pipe:0', '-vf', filter, '-an', '-f', 'null', '-'];
  const ffmpeg = spawn('ffmpeg', args, { stdio: ['pipe', 'ignore', 'pipe'] });
  ffmpeg.stdin.end(file);
  const [report] = await Promise.all([text(ffmpeg.stderr), once(ffmpeg, 'close')]);
  return report;
}

/** The share of frames that look like two fields, 0 to 1. */
async function combedShare(file: Buffer): Promise<number> {
  const report = await filterReport(file, 'idet');
  const [, ...counts] = /Multi frame detection: TFF:\s*(\d+) BFF:\s*(\d+) Progressive:\s*(\d+)/.exec(report) ?? [];
  const [tff = 0, bff = 0, progressive = 0] = counts.map(Number);
  return (tff + bff) / (tff + bff + progressive);
}

describe('pixels that are not square', () => {
  test.each([
    ['PAL widescreen', '720x576', '64/45', ['854x480', '640x360']],
    ['PAL', '720x576', '16/15', ['640x480', '480x360']],
    ['HDV', '720x540', '4/3', ['854x480', '640x360']],
    ['NTSC, narrow pixels', '720x480', '8/9', ['640x480', '480x360']],
    ['854 x 480, almost square', '854x480', '1280/1281', ['854x480', '640x360']],
  ])('%s: viewers get square ones', async (_, size, aspect, sizes) => {
    const input = ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=25:d=${SECONDS}`];
    const recorded = await transcodeTags(await makeTags(input, `setsar=${aspect}`, []), SECONDS, { ladder: '480p' });
    expect(await sizesOf(recorded)).toEqual(sizes);
  });
});

describe('a stream that is marked as interlaced', () => {
  const INTERLACED = ['-flags', '+ildct+ilme', '-x264-params', 'tff=1', '-b:v', '8M'];

  test.each([
    ['tff', 'interleave_top'],
    ['bff', 'interleave_bottom'],
  ])('loses the combs of its fields: %s', async (order, mode) => {
    const options = [...INTERLACED.slice(0, 2), '-x264-params', `${order}=1`, '-b:v', '8M'];
    const tags = await makeTags(MOTION, `tinterlace=${mode}`, options);
    const recorded = await transcodeTags(tags, SECONDS, { ladder: '480p' });
    // What is sent is combed, or the test would show nothing.
    expect(await combedShare(await clipOf(MOTION, `tinterlace=${mode}`, options))).toBeGreaterThan(0.9);
    expect(await combedShare(outputOf(recorded, '480p'))).toBe(0);
  });

  test('keeps frames as they are that are none: every line of them is there', async () => {
    const moving = [...MOTION.slice(0, 3), `testsrc2=s=640x480:r=25:d=${SECONDS}`];
    const sharp = await transcodeTags(await makeTags(moving, 'null', INTERLACED), SECONDS, { ladder: '480p' });
    const plain = await transcodeTags(await makeTags(moving, 'null', ['-b:v', '8M']), SECONDS, { ladder: '480p' });
    const details = await Promise.all([sharp, plain].map((recorded) => detail(outputOf(recorded, '480p'))));
    expect(details[0]).toBeGreaterThan(0.97 * (details[1] ?? Number.NaN));
  });
});

/** The mean difference between neighbouring lines: what deinterlacing takes from a still picture. */
async function detail(file: Buffer): Promise<number> {
  const report = await filterReport(file, 'convolution=0m=0 1 0 0 -1 0 0 0 0:0rdiv=1,signalstats,metadata=print');
  const means = [...report.matchAll(/lavfi\.signalstats\.YAVG=([\d.]+)/g)].map((match) => Number(match[1]));
  return means.reduce((sum, mean) => sum + mean, 0) / means.length;
}

/** The file that makes such tags. */
async function clipOf(input: readonly string[], filter: string, options: readonly string[]): Promise<Buffer> {
  const args = ['-v', 'error', ...input, '-vf', filter, ...FAST, ...options, '-f', 'matroska', 'pipe:1'];
  const ffmpeg = spawn('ffmpeg', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  ffmpeg.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(ffmpeg, 'close');
  return Buffer.concat(chunks);
}

describe('a high dynamic range', () => {
  /** Code values of 10 bits for black, a dark grey (10 cd/m2), white on paper (203) and a highlight (1000). */
  const LEVELS = { pq: [64, 327, 573, 723], hlg: [64, 300, 721, 940] } as const;

  test.each([
    ['pq', 'smpte2084'],
    ['hlg', 'arib-std-b67'],
  ] as const)('%s of 10 bits becomes BT.709 of 8 bits, in which white on paper is white', async (name, transfer) => {
    const input = ['-f', 'lavfi', '-i', `color=black:s=640x360:r=25:d=${SECONDS},format=yuv420p10`];
    const [black, dark, white, highlight] = LEVELS[name];
    const steps = `if(lt(T,0.5),${black},if(lt(T,1),${dark},if(lt(T,1.5),${white},${highlight})))`;
    const params = `colorprim=bt2020:transfer=${transfer}:colormatrix=bt2020nc`;
    const tags = await makeTags(input, `geq=lum='${steps}':cb=512:cr=512`, ['-x264-params', params]);
    const recorded = await transcodeTags(tags, SECONDS, { ladder: '360p' });
    const output = outputOf(recorded, '360p');
    expect(await filterReport(output, 'null')).toMatch(/yuv420p\(tv, bt709/);
    const brightness = await decodeBrightness(output);
    const at = (seconds: number): number => brightness[Math.floor(seconds * 25)] ?? Number.NaN;
    // Between 0 and 255.
    expect(at(0.25)).toBeLessThan(8);
    expect(at(0.75)).toBeGreaterThan(60);
    expect(at(0.75)).toBeLessThan(110);
    expect(at(1.25)).toBeGreaterThan(200);
    expect(at(1.25)).toBeLessThan(230);
    expect(at(1.75)).toBeGreaterThan(240);
  });
});

test('10 bits of a standard range become 8', async () => {
  const input = ['-f', 'lavfi', '-i', `testsrc2=s=640x360:r=25:d=${SECONDS},format=yuv422p10`];
  const recorded = await transcodeTags(await makeTags(input, 'null', []), SECONDS, { ladder: '360p' });
  expect(await filterReport(outputOf(recorded, '360p'), 'null')).toContain('yuv420p');
});

test.each([
  ['of an unknown type', Buffer.from([6, 190, 3, 1, 2, 3, 0x80])],
  ['that says it is longer than it is', Buffer.from([6, 5, 200, 1, 2, 0x80])],
  ['without anything', Buffer.from([6])],
])('an SEI message %s changes nothing', async (_, sei) => {
  const input = ['-f', 'lavfi', '-i', `testsrc2=s=640x360:r=25:d=${SECONDS}`];
  const tags = (await makeTags(input, 'null', [])).map((tag) => withNalUnit(tag, sei));
  const recorded = await transcodeTags(tags, SECONDS, { ladder: '360p' });
  const { packets } = await probeTrack(outputOf(recorded, '360p'));
  expect(packets.length).toBeGreaterThan(25 * (SECONDS - 0.5));
});

/** Adds a NAL unit before each frame. */
function withNalUnit(tag: FlvTag, unit: Buffer): FlvTag {
  if (tag.type !== VIDEO_TAG || tag.payload[1] !== 1) return tag;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(unit.length);
  return { ...tag, payload: Buffer.concat([tag.payload.subarray(0, 5), length, unit, tag.payload.subarray(5)]) };
}

describe('captions in the picture (CEA-608 in A/53 user data)', () => {
  const CAPTIONS = Buffer.from('b50031474139340341fffc9420ff', 'hex');

  test.each([
    ['as they are', 'null', []],
    ['of an interlaced stream', 'null', ['-flags', '+ildct+ilme', '-x264-params', 'tff=1']],
    ['of a high dynamic range', 'format=yuv420p10', ['-x264-params', 'transfer=smpte2084']],
  ])('%s reach every rendition', async (_, filter, options) => {
    const input = ['-f', 'lavfi', '-i', `testsrc2=s=854x480:r=25:d=${SECONDS}`];
    const tags = (await makeTags(input, filter, options)).map(withCaptions);
    const recorded = await transcodeTags(tags, SECONDS, { ladder: '480p' });
    for (const { name } of recorded.run.video) {
      const frames = outputOf(recorded, name).toString('latin1').split('GA94').length - 1;
      expect(frames).toBeGreaterThan(0.9 * 25 * (SECONDS - 0.5));
    }
  });

  test('are left out where every second frame is, because half of the letters are no words', async () => {
    const input = ['-f', 'lavfi', '-i', `testsrc2=s=854x480:r=25:d=${SECONDS}`];
    const tags = (await makeTags(input, 'null', [])).map(withCaptions);
    const session = startSession({ ladder: '480p', firstLevel: 1 });
    session.burst(tags);
    await session.until(() => framesOf(session.runs[0], '360p') > 0 && framesOf(session.runs[0], '480p') > 0);
    const recorded = session.runs[0] as RecordedRun;
    expect(recorded.run.video.map(({ frameStep = 1 }) => frameStep)).toEqual([2, 1]);
    expect(outputOf(recorded, '480p').includes('GA94')).toBe(false);
    expect(outputOf(recorded, '360p').includes('GA94')).toBe(true);
  });

  const CAPTION_SEI = Buffer.concat([Buffer.from([6, 4, CAPTIONS.length]), CAPTIONS, Buffer.from([0x80])]);
  const withCaptions = (tag: FlvTag): FlvTag => withNalUnit(tag, CAPTION_SEI);
});
