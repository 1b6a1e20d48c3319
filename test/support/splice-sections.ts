/** A splice_insert as encoders send it (SCTE 35, 9.6.1 and 9.7.3): at once, for the whole programme. */
export function spliceInsert(eventId: number, isOut: boolean, breakSeconds: number | null = null): Buffer {
  const duration = breakSeconds === null ? [] : bytesOf((0xfen << 32n) | BigInt(breakSeconds * 90_000), 5);
  const flags = (isOut ? 0x80 : 0) | 0x40 | (breakSeconds === null ? 0 : 0x20) | 0x10 | 0x0f;
  const command = [...bytesOf(eventId, 4), 0x7f, flags, ...duration, 0, 1, 0, 0];
  return section(5, command, []);
}

/** A time_signal with one segmentation_descriptor (SCTE 35, 9.7.4 and 10.3.3). */
export function timeSignal(eventId: number, segmentationType: number, seconds: number | null = null): Buffer {
  return timeSignals([eventId, segmentationType, seconds]);
}

/** A time_signal with a segmentation_descriptor for each. */
export function timeSignals(...signals: readonly (readonly [number, number, number | null])[]): Buffer {
  return section(6, [0xfe, 0, 0, 0, 1], signals.flatMap(segmentation));
}

function segmentation([eventId, segmentationType, seconds]: readonly [number, number, number | null]): number[] {
  const duration = seconds === null ? [] : bytesOf(seconds * 90_000, 5);
  const flags = 0x80 | (seconds === null ? 0 : 0x40) | 0x3f;
  const body = [
    ...Buffer.from('CUEI'),
    ...bytesOf(eventId, 4),
    0x7f,
    flags,
    ...duration,
    ...[8, 8, 0, 0, 0, 0, 0, 0, 0, 1],
    segmentationType,
    ...[0, 0],
  ];
  return [2, body.length, ...body];
}

function section(type: number, command: readonly number[], descriptors: readonly number[]): Buffer {
  const tail = [
    ...[0, 0, 0, 0, 0, 0, 0, 0xff, 0xf0 | (command.length >> 8), command.length & 0xff, type],
    ...[...command, ...bytesOf(descriptors.length, 2), ...descriptors],
  ];
  const length = tail.length + 4;
  const bytes = Buffer.from([0xfc, 0x30 | (length >> 8), length & 0xff, ...tail]);
  return Buffer.concat([bytes, Buffer.from(bytesOf(crc32(bytes), 4))]);
}

function bytesOf(value: number | bigint, count: number): number[] {
  return Array.from({ length: count }, (_, index) =>
    Number((BigInt(value) >> BigInt(8 * (count - 1 - index))) & 0xffn),
  );
}

/** By table, unlike the code under test. */
function crc32(bytes: Buffer): number {
  const table = Array.from({ length: 256 }, (_, index) => {
    let entry = index << 24;
    for (let bit = 0; bit < 8; bit++) entry = entry & 0x80000000 ? (entry << 1) ^ 0x04c11db7 : entry << 1;
    return entry >>> 0;
  });
  let crc = 0xffffffff;
  for (const byte of bytes) crc = ((crc << 8) ^ (table[((crc >>> 24) ^ byte) & 0xff] ?? 0)) >>> 0;
  return crc;
}
