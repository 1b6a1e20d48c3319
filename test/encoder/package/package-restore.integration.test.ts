import { exportPackage } from '#encoder/package/package-export.ts';
import type { PackageHeader } from '#encoder/package/package-format.ts';
import { restorePackage } from '#encoder/package/package-restore.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { Random } from '#kit/random.ts';
import { encodeRun, feed, interleaved, toMediaRun } from '#test/support/encoded-run.ts';

const SEED = 4_711;
const LIMITS = { maxBytes: 64 * 1024 * 1024 };

let chunks: readonly Buffer[];
let whole: Buffer;

beforeAll(async () => {
  const encoded = await encodeRun();
  const stream = new StreamPackage({ latency: 'low', firstMsn: 100 });
  feed(stream.beginRun(toMediaRun(encoded, 7)), interleaved(encoded));
  feed(stream.beginRun(toMediaRun(encoded, 8)), interleaved(encoded).slice(0, 200));
  stream.freeze();
  ({ chunks } = exportPackage(stream));
  whole = Buffer.concat(chunks);
});

/** The bytes in pieces of random sizes, some of them empty. */
async function* inPieces(bytes: Buffer, random: Random): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < bytes.length; ) {
    const end = offset + random.pick([0, 1, random.below(100), random.below(20_000)]);
    yield bytes.subarray(offset, end);
    offset = end;
  }
}

test.each([1, 2, 3, 4])('bytes in any pieces make the same package, seed %d', async (seed) => {
  const restored = await restorePackage(inPieces(whole, new Random(seed)), LIMITS);
  restored.freeze();
  expect(Buffer.concat(exportPackage(restored).chunks).length).toBe(whole.length);
});

test('a stream that is cut short anywhere is refused', async () => {
  const random = new Random(SEED);
  const ends = [0, 1, 8, 11, 12, 13, whole.length - 1, ...Array.from({ length: 50 }, () => random.below(whole.length))];
  for (const end of ends) {
    await expect(restorePackage([whole.subarray(0, end)], LIMITS)).rejects.toThrow('ends too early');
  }
});

test('bytes after the end are refused', async () => {
  await expect(restorePackage([...chunks, Buffer.alloc(0), Buffer.from('x')], LIMITS)).rejects.toThrow(
    'follow the end',
  );
});

test('more bytes than allowed are refused, before the media comes', async () => {
  const { length } = whole;
  await expect(restorePackage([whole], { maxBytes: length })).resolves.toBeDefined();
  await expect(restorePackage([whole], { maxBytes: length - 1 })).rejects.toThrow(`more than ${length - 1}`);
  const withoutMedia = chunks.slice(0, 3);
  await expect(restorePackage(withoutMedia, { maxBytes: length - 1 })).rejects.toThrow(`a package of ${length} bytes`);
});

test('a failing stream rejects with its error, and a refused one is given up', async () => {
  async function* failing(): AsyncGenerator<Buffer> {
    yield whole.subarray(0, 1000);
    throw new Error('connection reset');
  }
  await expect(restorePackage(failing(), LIMITS)).rejects.toThrow('connection reset');
  let isGivenUp = false;
  async function* endless(): AsyncGenerator<Buffer> {
    try {
      for (;;) yield Buffer.from('no package at all');
    } finally {
      isGivenUp = true;
    }
  }
  await expect(restorePackage(endless(), LIMITS)).rejects.toThrow('not a package');
  expect(isGivenUp).toBe(true);
});

test('random bytes are refused, and so is media that is not where the header says', async () => {
  const random = new Random(SEED);
  for (let count = 0; count < 50; count++) {
    await expect(restorePackage([random.bytes(random.below(300))], LIMITS)).rejects.toThrow();
  }
  const [name, size, header, ...media] = chunks;
  for (let count = 0; count < 20; count++) {
    const at = random.below(media.length);
    const other = Buffer.from(media[at] ?? '');
    other.writeUInt32BE(random.below(2 ** 32), random.pick([0, 4]));
    const garbled = [name, size, header, ...media.with(at, other)].flatMap((chunk) => chunk ?? []);
    await expect(restorePackage(garbled, LIMITS)).rejects.toThrow();
  }
});

describe('a header', () => {
  type Mutable<Value> = { -readonly [Key in keyof Value]: Mutable<Value[Key]> };
  type Header = Mutable<PackageHeader>;

  function header(): Header {
    return JSON.parse(String(chunks[2])) as Header;
  }

  /** The export with another header, of whatever size. */
  function withHeader(value: unknown): Buffer[] {
    const json = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
    const size = Buffer.alloc(4);
    size.writeUInt32BE(json.length);
    return [chunks[0] ?? Buffer.alloc(0), size, json, ...chunks.slice(3)];
  }

  test('that is unchanged is accepted', async () => {
    await expect(restorePackage(withHeader(header()), LIMITS)).resolves.toBeDefined();
  });

  test.each<[string, unknown]>([
    ['no JSON', '{"snapshot":'],
    ['null', null],
    ['an empty object', {}],
    ['an array', []],
  ])('that is %s is refused', async (_, value) => {
    await expect(restorePackage(withHeader(value), LIMITS)).rejects.toThrow();
  });

  test('that is larger than any is refused before it is read', async () => {
    const size = Buffer.alloc(4, 0xff);
    await expect(restorePackage([chunks[0] ?? Buffer.alloc(0), size], LIMITS)).rejects.toThrow(
      'a header of 4294967295 bytes',
    );
  });

  // biome-ignore format: a table
  test.each<[string, (header: Header) => unknown]>([
    ['an unknown field', (it) => Object.assign(it, { more: 1 })],
    ['an unknown latency profile', (it) => Object.assign(it.snapshot, { latency: 'none' })],
    ['a rendition outside of any ladder', (it) => Object.assign(it.snapshot.timelines[0] ?? {}, { name: '../..' })],
    ['the same rendition twice', (it) => it.snapshot.timelines.push(...it.snapshot.timelines.slice(0, 1))],
    ['a codec that ends its quotation', (it) => Object.assign(it.snapshot.offered?.codecs ?? {}, { audio: '"\n' })],
    ['no codec for an offered rendition', (it) => Object.assign(it.snapshot.offered ?? {}, { codecs: {} })],
    ['an offered rendition without a timeline', (it) => it.snapshot.timelines.shift()],
    ['a run without video or audio', (it) => Object.assign(it.snapshot.offered?.run ?? {}, { video: [], audio: null, frameRate: null, keyframeFrames: null })],
    ['a run with video but no frame rate', (it) => Object.assign(it.snapshot.offered?.run ?? {}, { frameRate: null })],
    ['a frame rate of zero', (it) => Object.assign(it.snapshot.newest?.run.frameRate ?? {}, { numerator: 0 })],
    ['a frame step of zero', (it) => Object.assign(it.snapshot.newest?.run.video[0] ?? {}, { frameStep: 0 })],
    ['a frame step with a fraction', (it) => Object.assign(it.snapshot.newest?.run.video[0] ?? {}, { frameStep: 1.5 })],
    ['a frame step that leaves too few frames', (it) => Object.assign(it.snapshot.newest?.run.video[0] ?? {}, { frameStep: 10 })],
    ['a frame step that does not divide the GOP', (it) => Object.assign(it.snapshot.newest?.run.video[0] ?? {}, { frameStep: 7 })],
    ['no newest run', (it) => Object.assign(it.snapshot, { newest: null })],
    ['no longest part', (it) => Object.assign(it.snapshot, { longestPartSeconds: null })],
    ['a discontinuity number below its segments', (it) => Object.assign(it.snapshot, { discontinuityNumber: 7 })],
    ['a window that begins after its segments', (it) => Object.assign(it.snapshot.timelines[0] ?? {}, { listedFrom: 99 })],
    ['a missing segment', (it) => it.snapshot.timelines[0]?.segments.splice(1, 1)],
    ['a segment of a later run', (it) => Object.assign(it.snapshot.timelines[0]?.segments.at(-1) ?? {}, { epoch: 9 })],
    ['a discontinuity number that goes back', (it) => Object.assign(it.snapshot.timelines[0]?.segments[0] ?? {}, { discontinuityNumber: 8 })],
    ['an open segment', (it) => Object.assign(it.snapshot.timelines[0]?.segments.at(-1) ?? {}, { isComplete: false })],
    ['a segment without parts', (it) => Object.assign(it.snapshot.timelines[0]?.segments[0] ?? {}, { parts: [] })],
    ['a gap with parts', (it) => Object.assign(it.snapshot.timelines[0]?.segments[0] ?? {}, { isGap: true })],
    ['a segment that is not as long as its parts', (it) => Object.assign(it.snapshot.timelines[0]?.segments[0] ?? {}, { durationSeconds: 1 })],
    ['a date that cannot be printed', (it) => Object.assign(it.snapshot.timelines[0]?.segments[0] ?? {}, { programDateTimeMs: 1e300 })],
    ['a negative number', (it) => Object.assign(it.snapshot.timelines[0]?.segments[0] ?? {}, { msn: -1 })],
    ['a number with a fraction', (it) => Object.assign(it.snapshot, { firstMsn: 1.5 })],
    ['no init section', (it) => it.snapshot.timelines[0]?.initSections.pop()],
    ['an init section that is a part', (it) => Object.assign(it.snapshot.timelines[0]?.initSections[0] ?? {}, { data: it.snapshot.timelines[0]?.segments[0]?.parts[0]?.data })],
    ['media that is not there', (it) => Object.assign(it.snapshot.timelines[0]?.segments[0]?.parts[0] ?? {}, { data: 5000 })],
    ['media that nobody needs', (it) => it.mediaBytes.push(0)],
    ['a size that is another', (it) => { it.mediaBytes[5] = (it.mediaBytes[5] ?? 0) + 1; it.mediaBytes[6] = (it.mediaBytes[6] ?? 0) - 1; }],
    ['a size of a petabyte', (it) => { it.mediaBytes[0] = 1e15 - 1; }],
    ['too many segments', (it) => it.snapshot.timelines[0]?.segments.push(...Array.from({ length: 5000 }, () => it.snapshot.timelines[0]?.segments[0] as never))],
  ])('with %s is refused', async (_, change) => {
    const changed = header();
    change(changed);
    expect(changed).not.toEqual(header());
    await expect(restorePackage(withHeader(changed), LIMITS)).rejects.toThrow();
  });
});
