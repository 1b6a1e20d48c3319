const HEADER_BYTES = 10;
/** ID3v2.4.0 section 4: texts are in UTF-8. */
const UTF_8 = 3;
/** Sizes have 7 bits in each byte, so that no byte looks like the start of MPEG audio (ID3v2.4.0 section 6.2). */
const SIZE_BITS = 7;

/** An ID3v2.4 tag with one text that has a name of its own (frame TXXX, ID3v2.4.0 frames 4.2.6). Neither may contain a NUL. */
export function id3TextTag(description: string, text: string): Buffer {
  const body = Buffer.concat([Buffer.from([UTF_8]), Buffer.from(`${description}\0${text}`)]);
  const frame = Buffer.concat([header('TXXX', body.length, [0, 0]), body]);
  return Buffer.concat([tagHeader(frame.length), frame]);
}

function tagHeader(bytes: number): Buffer {
  return Buffer.concat([Buffer.from('ID3'), Buffer.from([4, 0, 0]), sizeOf(bytes)]);
}

function header(type: string, bytes: number, flags: readonly [number, number]): Buffer {
  return Buffer.concat([Buffer.from(type, 'latin1'), sizeOf(bytes), Buffer.from(flags)], HEADER_BYTES);
}

function sizeOf(bytes: number): Buffer {
  return Buffer.from([3, 2, 1, 0].map((position) => (bytes >> (position * SIZE_BITS)) & 0x7f));
}
