import { startsDecoding } from '#encoder/media/decoding-start.ts';
import { VIDEO_TAG } from '#encoder/media/flv-tag.ts';

/** H.264 and HEVC: NAL units with their lengths. */
const units = (...nals: readonly (readonly number[])[]): number[] =>
  nals.flatMap((nal) => [0, 0, 0, nal.length, ...nal]);
const starts = (...bytes: readonly number[]): boolean =>
  startsDecoding({ type: VIDEO_TAG, timestampMs: 0, payload: Buffer.from(bytes) });
const avc = (...nals: readonly (readonly number[])[]): boolean => starts(0x27, 1, 0, 0, 0, ...units(...nals));
const enhanced = (packetType: number, fourCc: string, ...nals: readonly (readonly number[])[]): boolean => {
  const compositionTime = packetType === 1 ? [0, 0, 0] : [];
  return starts(0xa0 | packetType, ...Buffer.from(fourCc), ...compositionTime, ...units(...nals));
};

const DELIMITER = [9, 0xf0];
const SLICE = [0x41, 0x9a, 1];
const RECOVERY = [6, 6, 1, 0xc4, 0x80];
const HEVC_SLICE = [2, 1, 0xd0];
const HEVC_RECOVERY = [78, 1, 6, 1, 0xd0, 0x80];

test('decoding may start at a keyframe', () => {
  expect(starts(0x17, 1, 0, 0, 0)).toBe(true);
  expect(starts(0x17, 0, 0, 0, 0)).toBe(false);
  expect(starts(0x27, 1, 0, 0, 0)).toBe(false);
});

test('decoding may start at a recovery point of H.264', () => {
  expect(avc(DELIMITER, RECOVERY, SLICE)).toBe(true);
  expect(avc(DELIMITER, SLICE)).toBe(false);
});

test('a recovery point may follow other messages, whose bytes may be escaped', () => {
  const other = [5, 4, 0, 0, 3, 1, 6];
  expect(avc([6, ...other, 6, 1, 0xc4, 0x80], SLICE)).toBe(true);
  expect(avc([6, ...other, 0x80], SLICE)).toBe(false);
  const long = Array(255).fill(6);
  expect(avc([6, 5, 0x0a, ...long.slice(0, 10), 6, 1, 0xc4, 0x80], SLICE)).toBe(true);
  expect(avc([6, 5, 0x0a, ...long.slice(0, 10), 0x80], SLICE)).toBe(false);
});

test('decoding may start at a recovery point of HEVC and of H.264 by Enhanced RTMP', () => {
  for (const packetType of [1, 3]) {
    expect(enhanced(packetType, 'hvc1', HEVC_RECOVERY, HEVC_SLICE)).toBe(true);
    expect(enhanced(packetType, 'hvc1', HEVC_SLICE, HEVC_RECOVERY)).toBe(false);
    expect(enhanced(packetType, 'avc1', RECOVERY, SLICE)).toBe(true);
    expect(enhanced(packetType, 'av01', RECOVERY, SLICE)).toBe(false);
  }
  expect(enhanced(0, 'hvc1', HEVC_RECOVERY)).toBe(false);
});

test.each([
  ['nothing', []],
  ['a length that is too long', [0xff, 0xff, 0xff, 0xff, 6, 6]],
  ['lengths of 0', Array(400).fill(0)],
  ['an SEI without an end', [0, 0, 0, 4, 6, 0xff, 0xff, 0xff]],
])('%s is no start', (_name, bytes) => {
  expect(starts(0x27, 1, 0, 0, 0, ...bytes)).toBe(false);
});
