import { randomBytes } from 'node:crypto';
import { parseH264Sps } from '#encoder/media/h264-sps.ts';
import { BitWriter } from './bit-writer.ts';

const BASELINE = 66;

/** A baseline SPS up to the picture order count. */
const startSps = () => new BitWriter().bits(0x67, 8).bits(BASELINE, 8).bits(30, 16).golomb(0, 0);
/** 320 x 240, progressive, not cropped. */
const writeSize = (bits: BitWriter) => bits.golomb(1).bits(0, 1).golomb(19, 14).bits(0b11, 2).bits(0, 1);
const withoutVui = (bits: BitWriter) => bits.bits(0, 1).bits(1, 1).toBuffer();
const PLAIN = { pixelAspect: { width: 1, height: 1 }, hdr: null, isInterlaced: false, frameRate: null };
const QVGA = { ...PLAIN, width: 320, height: 240 };

test('reads an SPS without VUI', () => {
  expect(parseH264Sps(withoutVui(writeSize(startSps().golomb(0, 2))))).toEqual(QVGA);
});

test('reads picture order count type 1 with its cycle of signed offsets', () => {
  const bits = startSps().golomb(1).bits(0, 1).golomb(3, 4, 3, 9, 8, 700);
  expect(parseH264Sps(withoutVui(writeSize(bits)))).toEqual(QVGA);
});

test('doubles the height and the cropping of field-coded pictures', () => {
  const bits = startSps().golomb(0, 2, 1).bits(0, 1).golomb(19, 14).bits(0b001, 3).bits(1, 1).golomb(0, 0, 0, 1);
  expect(parseH264Sps(withoutVui(bits))).toEqual({ ...PLAIN, width: 320, height: 476, isInterlaced: true });
});

test('crops in chroma units', () => {
  const bits = startSps().golomb(0, 2).golomb(1).bits(0, 1).golomb(19, 14).bits(0b11, 2).bits(1, 1).golomb(1, 2, 3, 4);
  expect(parseH264Sps(withoutVui(bits))).toEqual({ ...PLAIN, width: 314, height: 226 });
});

test.each([
  ['with every optional field before it', true, { width: 4, height: 3 }],
  ['alone', false, PLAIN.pixelAspect],
])('reads VUI timing %s', (_, isFull, pixelAspect) => {
  const bits = writeSize(startSps().golomb(0, 2)).bits(1, 1);
  if (isFull)
    bits
      .bits(1, 1)
      .bits(255, 8)
      .bits(4, 16)
      .bits(3, 16)
      .bits(0b11, 2)
      .bits(0b1_101_1_1, 6)
      .bits(0x010101, 24)
      .bits(1, 1)
      .golomb(5, 0);
  else bits.bits(0b0000, 4);
  const timing = bits.bits(1, 1).bits(1001, 32).bits(60_000, 32).bits(1, 1).toBuffer();
  expect(parseH264Sps(escapeNalUnit(timing))).toEqual({ ...QVGA, pixelAspect, frameRate: 30_000 / 1001 });
});

/** A VUI with an aspect, a colour description, and nothing else. */
const withDisplay = (writeAspect: (bits: BitWriter) => BitWriter, transfer: number) =>
  writeAspect(writeSize(startSps().golomb(0, 2)).bits(0b11, 2))
    .bits(0b0_1_101_0_1, 7)
    .bits(9, 8)
    .bits(transfer, 8)
    .bits(9, 8);

test.each([
  [1, 1, 1],
  [2, 12, 11],
  [13, 160, 99],
  [14, 4, 3],
  [16, 2, 1],
  [17, 1, 1],
  [0, 1, 1],
])('aspect_ratio_idc %i is %i:%i', (index, width, height) => {
  const sps = parseH264Sps(
    escapeNalUnit(
      withDisplay((bits) => bits.bits(index, 8), 1)
        .bits(0, 8)
        .toBuffer(),
    ),
  );
  expect(sps).toEqual({ ...QVGA, pixelAspect: { width, height } });
});

test.each([
  [64, 45, 64, 45],
  [0, 45, 1, 1],
  [64, 0, 1, 1],
  [1, 65_535, 1, 1],
  [5, 1, 1, 1],
])('a pixel aspect of %i:%i counts as %i:%i', (writtenWidth, writtenHeight, width, height) => {
  const aspect = (bits: BitWriter) => bits.bits(255, 8).bits(writtenWidth, 16).bits(writtenHeight, 16);
  const sps = parseH264Sps(escapeNalUnit(withDisplay(aspect, 1).bits(0, 8).toBuffer()));
  expect(sps?.pixelAspect).toEqual({ width, height });
});

test.each([
  [1, null],
  [14, null],
  [16, 'pq'],
  [18, 'hlg'],
])('transfer characteristics %i are of the dynamic range %p', (transfer, hdr) => {
  const sps = parseH264Sps(
    escapeNalUnit(
      withDisplay((bits) => bits.bits(1, 8), transfer)
        .bits(0, 8)
        .toBuffer(),
    ),
  );
  expect(sps?.hdr).toBe(hdr);
});

test.each([
  ['no units', 0, 50],
  ['no time scale', 1, 0],
])('VUI timing with %s gives no frame rate', (_, unitsInTick, timeScale) => {
  const bits = writeSize(startSps().golomb(0, 2))
    .bits(1, 1)
    .bits(0b0000_1, 5)
    .bits(unitsInTick, 32)
    .bits(timeScale, 32);
  expect(parseH264Sps(escapeNalUnit(bits.bits(1, 1).toBuffer()))).toEqual(QVGA);
});

test('reads the size if the VUI is truncated', () => {
  const bits = writeSize(startSps().golomb(0, 2)).bits(1, 1).bits(0b0000_1, 5).bits(1, 16);
  expect(parseH264Sps(bits.toBuffer())).toEqual(QVGA);
});

test('refuses every SPS that is truncated before its size', () => {
  const whole = withoutVui(writeSize(startSps().golomb(0, 2)));
  for (let length = 0; length < whole.length - 1; length++) expect(parseH264Sps(whole.subarray(0, length))).toBeNull();
});

test.each([
  ['another NAL unit', new BitWriter().bits(0x68, 8).bits(0, 64).toBuffer()],
  ['an impossible width', withoutVui(startSps().golomb(0, 2, 1).bits(0, 1).golomb(1e6, 14).bits(0b110, 3))],
  [
    'cropping larger than the picture',
    withoutVui(startSps().golomb(0, 2, 1).bits(0, 1).golomb(19, 14).bits(0b111, 3).golomb(200, 0, 0, 0)),
  ],
  [
    'a cycle of 2^31 offsets',
    startSps()
      .golomb(1)
      .bits(0, 1)
      .golomb(0, 0, 2 ** 31 - 2)
      .toBuffer(),
  ],
  ['codes that never end', Buffer.concat([Buffer.from([0x67, 100, 0, 30]), Buffer.alloc(5_000)])],
])('refuses %s', (_, nalUnit) => {
  expect(parseH264Sps(nalUnit)).toBeNull();
});

test('returns null or a possible size for random bytes', () => {
  for (let round = 0; round < 2_000; round++) {
    const sps = parseH264Sps(Buffer.concat([Buffer.from([0x67, round % 2 === 0 ? 100 : 66]), randomBytes(60)]));
    if (sps !== null)
      expect(Math.min(sps.width, sps.height, 16_384 - sps.width, 16_384 - sps.height)).toBeGreaterThanOrEqual(0);
  }
});

/** Puts a 3 into every 0 0 0 to 0 0 3 (ITU-T H.264, 7.4.1). */
function escapeNalUnit(nalUnit: Buffer): Buffer {
  const bytes: number[] = [];
  for (const byte of nalUnit) {
    if (byte <= 3 && bytes.at(-1) === 0 && bytes.at(-2) === 0) bytes.push(3);
    bytes.push(byte);
  }
  return Buffer.from(bytes);
}
