import { findBoxes, type Mp4Box, readBoxes } from './mp4-boxes.ts';

/** What holds for samples of which nothing else is said. */
export interface DefaultSample {
  readonly durationTicks: number;
  readonly sizeBytes: number;
}

/** The samples of one track in one moof. */
export interface MediaFragment {
  readonly trackId: number;
  /** Null without a tfdt box. */
  readonly startTicks: number | null;
  readonly durationTicks: number;
  readonly sampleCount: number;
  readonly shortestSampleTicks: number;
  /** Shorter than `firstSampleBytes` if the file ends before. */
  readonly firstSample: Buffer;
  readonly firstSampleBytes: number;
}

const DATA_OFFSET = 0x01;
const FIRST_FLAGS = 0x04;
const DURATION = 0x100;
const SIZE = 0x200;
const FLAGS = 0x400;
const COMPOSITION = 0x800;
const MAX_SAMPLES = 100_000;

/** The fragments of a segment or part. `defaultsOf` gives a track's trex box. Throws if the file can't be read. */
export function readFragments(
  file: Buffer,
  defaultsOf: (trackId: number) => DefaultSample | undefined,
): MediaFragment[] {
  return readBoxes(file)
    .filter(({ type }) => type === 'moof')
    .flatMap((moof) =>
      findBoxes(moof.payload, 'traf').map((traf) => readTrackFragment(file, moof.offset, traf.payload, defaultsOf)),
    );
}

/** The fragments of the first moof of some bytes that end after its first sample. Throws if there is none. */
export function readFirstFragments(
  range: Buffer,
  defaultsOf: (trackId: number) => DefaultSample | undefined,
): MediaFragment[] {
  let offset = 0;
  while (range.toString('latin1', offset + 4, offset + 8) !== 'moof') {
    const size = range.length - offset < 8 ? 0 : range.readUInt32BE(offset);
    if (size < 8) throw new Error('the range has no moof box');
    offset += size;
  }
  const end = offset + range.readUInt32BE(offset);
  return findBoxes(range.subarray(offset, end), 'moof', 'traf').map((traf) =>
    readTrackFragment(range, offset, traf.payload, defaultsOf),
  );
}

function readTrackFragment(
  file: Buffer,
  moofOffset: number,
  traf: Buffer,
  defaultsOf: (trackId: number) => DefaultSample | undefined,
): MediaFragment {
  const boxes = readBoxes(traf);
  const tfhd = boxes.find(({ type }) => type === 'tfhd')?.payload;
  if (tfhd === undefined) throw new Error('a traf without a tfhd');
  const header = readHeader(tfhd, defaultsOf);
  const tfdt = boxes.find(({ type }) => type === 'tfdt')?.payload;
  const samples = { durationTicks: 0, sampleCount: 0, shortestSampleTicks: Number.POSITIVE_INFINITY };
  let firstSample: Buffer | null = null;
  let firstSampleBytes = 0;
  for (const trun of boxes.filter(({ type }) => type === 'trun')) {
    const run = readRun(trun, header);
    if (firstSample === null && run.firstSizeBytes !== null) {
      const start = (header.baseOffset ?? moofOffset) + run.dataOffset;
      firstSample = file.subarray(start, start + run.firstSizeBytes);
      firstSampleBytes = run.firstSizeBytes;
    }
    samples.durationTicks += run.durationTicks;
    samples.sampleCount += run.sampleCount;
    samples.shortestSampleTicks = Math.min(samples.shortestSampleTicks, run.shortestSampleTicks);
  }
  return {
    trackId: header.trackId,
    startTicks: tfdt === undefined ? null : tfdt[0] === 1 ? Number(tfdt.readBigUInt64BE(4)) : tfdt.readUInt32BE(4),
    ...samples,
    firstSample: firstSample ?? Buffer.alloc(0),
    firstSampleBytes,
  };
}

interface FragmentHeader extends DefaultSample {
  readonly trackId: number;
  /** Null stands for the moof's own. */
  readonly baseOffset: number | null;
}

function readHeader(tfhd: Buffer, defaultsOf: (trackId: number) => DefaultSample | undefined): FragmentHeader {
  const flags = tfhd.readUInt32BE(0) & 0xffffff;
  const trackId = tfhd.readUInt32BE(4);
  const { durationTicks = 0, sizeBytes = 0 } = defaultsOf(trackId) ?? {};
  let offset = 8;
  const take = (flag: number, bytes: number): number | null => {
    if ((flags & flag) === 0) return null;
    const value = bytes === 8 ? Number(tfhd.readBigUInt64BE(offset)) : tfhd.readUInt32BE(offset);
    offset += bytes;
    return value;
  };
  const baseOffset = take(0x01, 8);
  take(0x02, 4);
  return { trackId, baseOffset, durationTicks: take(0x08, 4) ?? durationTicks, sizeBytes: take(0x10, 4) ?? sizeBytes };
}

function readRun({ payload }: Mp4Box, header: FragmentHeader) {
  const flags = payload.readUInt32BE(0) & 0xffffff;
  const sampleCount = payload.readUInt32BE(4);
  if (sampleCount > MAX_SAMPLES) throw new Error(`a trun of ${sampleCount} samples`);
  let offset = 8;
  const take = (flag: number): number | null => {
    if ((flags & flag) === 0) return null;
    const value = payload.readUInt32BE(offset);
    offset += 4;
    return value;
  };
  const dataOffset = take(DATA_OFFSET) ?? 0;
  take(FIRST_FLAGS);
  let durationTicks = 0;
  let shortestSampleTicks = Number.POSITIVE_INFINITY;
  let firstSizeBytes: number | null = null;
  for (let sample = 0; sample < sampleCount; sample++) {
    const ticks = take(DURATION) ?? header.durationTicks;
    const sizeBytes = take(SIZE) ?? header.sizeBytes;
    take(FLAGS);
    take(COMPOSITION);
    durationTicks += ticks;
    shortestSampleTicks = Math.min(shortestSampleTicks, ticks);
    firstSizeBytes ??= sizeBytes;
  }
  return { dataOffset, sampleCount, durationTicks, shortestSampleTicks, firstSizeBytes };
}
