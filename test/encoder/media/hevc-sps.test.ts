import { randomBytes } from 'node:crypto';
import { parseHevcConfig, parseHevcSps } from '#encoder/media/hevc-sps.ts';
import { BitWriter } from './bit-writer.ts';

/** A NAL header, one sub-layer, and a profile and level of zeros. */
const startSps = () =>
  new BitWriter()
    .bits(33 << 1, 8)
    .bits(1, 8)
    .bits(0, 4)
    .bits(0, 3)
    .bits(1, 1)
    .bits(0, 96)
    .golomb(0);
/** 4:2:0, 640 x 360 in 640 x 368. */
const writeSize = (bits: BitWriter) => bits.golomb(1, 640, 368).bits(1, 1).golomb(0, 0, 0, 4);
/** Depths of 10 bits, one ordering, block sizes; no scaling lists. */
const writeCoding = (bits: BitWriter) => bits.golomb(2, 2, 4).bits(0, 1).golomb(4, 2, 0).golomb(0, 3, 0, 3, 0, 0);
/** A VUI with PQ, and 30 frames a second. */
const writeVui = (bits: BitWriter) =>
  bits
    .bits(1, 1)
    .bits(1, 1)
    .bits(14, 8)
    .bits(0b0_1_101_0_1, 7)
    .bits(9, 8)
    .bits(16, 8)
    .bits(9, 8)
    .bits(0, 1)
    .bits(0b000_0_1, 5)
    .bits(1001, 32)
    .bits(30_000, 32);
const SIZE = { width: 640, height: 360, isInterlaced: false };
const PLAIN = { ...SIZE, pixelAspect: { width: 1, height: 1 }, hdr: null, frameRate: null };
const VUI = { ...SIZE, pixelAspect: { width: 4, height: 3 }, hdr: 'pq', frameRate: 30_000 / 1001 };

/** Puts a 3 into every 0 0 0 to 0 0 3. */
function escapeNalUnit(nalUnit: Buffer): Buffer {
  const bytes: number[] = [];
  for (const byte of nalUnit) {
    if (byte <= 3 && bytes.at(-1) === 0 && bytes.at(-2) === 0) bytes.push(3);
    bytes.push(byte);
  }
  return Buffer.from(bytes);
}

const finish = (bits: BitWriter) => escapeNalUnit(bits.bits(1, 1).bits(0, 8).toBuffer());

test.each([
  ['no reference pictures', (bits: BitWriter) => bits.bits(0, 4).golomb(0).bits(0, 1)],
  ['PCM', (bits: BitWriter) => bits.bits(0b0001, 4).bits(0x77, 8).golomb(0, 2).bits(0, 1).golomb(0).bits(0, 1)],
  [
    'scaling lists',
    (bits: BitWriter) => {
      bits.bits(0b11, 2);
      for (let size = 0; size < 4; size++) {
        for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
          const coefficients = Math.min(64, 16 * 4 ** size) + (size > 1 ? 1 : 0);
          if (matrix === 0) bits.bits(1, 1).golomb(...Array(coefficients).fill(5));
          else bits.bits(0, 1).golomb(1);
        }
      }
      return bits.bits(0, 3).golomb(0).bits(0, 1);
    },
  ],
  [
    'sets of reference pictures, one of them predicted',
    (bits: BitWriter) =>
      bits
        .bits(0, 4)
        .golomb(3)
        .golomb(2, 1)
        .golomb(0)
        .bits(1, 1)
        .golomb(1)
        .bits(0, 1)
        .golomb(0)
        .bits(1, 1)
        // Four flags, of which the second picture is used later and the third not at all.
        .bits(1, 1)
        .bits(0, 1)
        .golomb(0)
        .bits(0b1_01_00_1, 6)
        // The next set is predicted from the three that are left.
        .bits(1, 1)
        .bits(1, 1)
        .golomb(3)
        .bits(0b1111, 4)
        .bits(0, 1),
  ],
  ['long-term pictures', (bits: BitWriter) => bits.bits(0, 4).golomb(0).bits(1, 1).golomb(2).bits(0x155, 18)],
])('reads the VUI behind %s', (_, writeTools) => {
  const bits = writeTools(writeCoding(writeSize(startSps()))).bits(0, 2);
  expect(parseHevcSps(finish(writeVui(bits)))).toEqual(VUI);
});

test('reads an SPS of several sub-layers', () => {
  const bits = new BitWriter()
    .bits(33 << 1, 8)
    .bits(1, 8)
    .bits(0, 4)
    .bits(2, 3)
    .bits(1, 1)
    .bits(0, 96);
  bits.bits(0b11_01, 4).bits(0, 12).bits(0, 88).bits(0, 8).bits(0, 8).golomb(0);
  writeSize(bits).golomb(2, 2, 4).bits(1, 1).golomb(4, 2, 0, 4, 2, 0, 4, 2, 0).golomb(0, 3, 0, 3, 0, 0);
  expect(parseHevcSps(finish(writeVui(bits.bits(0, 4).golomb(0).bits(0, 3))))).toEqual(VUI);
});

test.each([
  ['without VUI', (bits: BitWriter) => bits.bits(0, 4).golomb(0).bits(0, 4)],
  ['that ends behind its size', (bits: BitWriter) => bits],
  ['with 65 sets of reference pictures', (bits: BitWriter) => bits.bits(0, 4).golomb(65)],
  ['with a set of 17 pictures', (bits: BitWriter) => bits.bits(0, 4).golomb(1, 17, 0)],
  [
    'with 2^31 long-term pictures',
    (bits: BitWriter) =>
      bits
        .bits(0, 4)
        .golomb(0)
        .bits(1, 1)
        .golomb(2 ** 31),
  ],
])('reads the size of an SPS %s', (_, writeTools) => {
  expect(parseHevcSps(finish(writeTools(writeCoding(writeSize(startSps())))))).toEqual(PLAIN);
});

test.each([
  ['another NAL unit', Buffer.concat([Buffer.from([34 << 1, 1]), Buffer.alloc(60)])],
  ['nothing', Buffer.alloc(0)],
  [
    'seven sub-layers too many',
    new BitWriter()
      .bits(33 << 1, 8)
      .bits(1, 8)
      .bits(0, 4)
      .bits(7, 3)
      .bits(0, 900)
      .toBuffer(),
  ],
  ['an impossible width', finish(startSps().golomb(1, 1e6, 368).bits(0, 1))],
  ['a window larger than the picture', finish(startSps().golomb(1, 640, 368).bits(1, 1).golomb(400, 0, 0, 0))],
  ['codes that never end', Buffer.concat([Buffer.from([33 << 1, 1]), Buffer.alloc(5_000)])],
])('refuses %s', (_, nalUnit) => {
  expect(parseHevcSps(nalUnit)).toBeNull();
});

test('random bytes and damaged records give null or a possible size', () => {
  const sps = finish(writeVui(writeCoding(writeSize(startSps())).bits(0, 4).golomb(0).bits(0, 3)));
  const record = hevcConfig(sps);
  for (let round = 0; round < 4_000; round++) {
    const damaged = Buffer.from(record);
    damaged[round % record.length] = randomBytes(1)[0] ?? 0;
    const random = Buffer.concat([Buffer.from([33 << 1, 1, 1]), Buffer.alloc(12), randomBytes(120)]);
    const inputs = [parseHevcSps(random), parseHevcConfig(damaged), parseHevcConfig(record.subarray(0, round % 60))];
    for (const found of [...inputs, parseHevcConfig(randomBytes(80))]) {
      if (found === null) continue;
      expect(Math.min(found.width, found.height, 16_385 - found.width, 16_385 - found.height)).toBeGreaterThan(0);
    }
  }
});

test('finds the SPS among the other parameter sets of a record', () => {
  const sps = finish(writeVui(writeCoding(writeSize(startSps())).bits(0, 4).golomb(0).bits(0, 3)));
  expect(parseHevcConfig(hevcConfig(sps))).toEqual(VUI);
  expect(parseHevcConfig(hevcConfig(sps).subarray(0, 30))).toBeNull();
});

/** An HEVCDecoderConfigurationRecord with two VPSs and an SPS. */
function hevcConfig(sps: Buffer): Buffer {
  const unit = (bytes: Buffer) => Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
  const vps = unit(Buffer.from([32 << 1, 1, 7]));
  const head = Buffer.concat([Buffer.from([1]), Buffer.alloc(21), Buffer.from([2])]);
  return Buffer.concat([head, Buffer.from([0xa0, 0, 2]), vps, vps, Buffer.from([0xa1, 0, 1]), unit(sps)]);
}
