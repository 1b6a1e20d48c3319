import type { Random } from '#kit/random.ts';

type ByteMutation = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

const MAX_RANGE_BYTES = 512;

const replaceRange = (bytes: Buffer, start: number, end: number, replacement: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, start), replacement, bytes.subarray(end)]);

const MUTATIONS: readonly ByteMutation[] = [
  function flipBits(bytes, random) {
    const flipped = Buffer.from(bytes);
    for (let count = random.below(16) + 1; count > 0; count--) {
      const at = random.below(flipped.length);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
    }
    return flipped;
  },
  function overwrite(bytes, random) {
    const start = random.below(bytes.length);
    const end = Math.min(bytes.length, start + random.below(8) + 1);
    return Buffer.from(bytes).fill(random.pick([0, 1, 0x7f, 0x80, 0xff]), start, end);
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length + 1));
  },
  function remove(bytes, random) {
    const start = random.below(bytes.length);
    return replaceRange(bytes, start, start + random.below(MAX_RANGE_BYTES), Buffer.alloc(0));
  },
  function duplicate(bytes, random) {
    const start = random.below(bytes.length);
    const range = bytes.subarray(start, start + random.below(MAX_RANGE_BYTES));
    return replaceRange(bytes, start, start, Buffer.concat(Array<Buffer>(random.below(8) + 1).fill(range)));
  },
  function insert(bytes, random) {
    const at = random.below(bytes.length + 1);
    return replaceRange(bytes, at, at, random.bytes(random.below(MAX_RANGE_BYTES)));
  },
  function splice(bytes, random, other) {
    return Buffer.concat([
      bytes.subarray(0, random.below(bytes.length + 1)),
      other.subarray(random.below(other.length)),
    ]);
  },
];

/** Damages bytes in one random way. One of the ways splices in a part of `other`. */
export function mutateBytes(bytes: Buffer, random: Random, other: Buffer): Buffer {
  return random.pick(MUTATIONS)(bytes, random, other);
}
