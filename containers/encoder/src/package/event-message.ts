/** The scheme of ID3 tags in CMAF (AOM, Carriage of ID3 Timed Metadata in CMAF). hls.js and Safari know it. */
export const ID3_SCHEME = 'https://aomedia.org/emsg/ID3';
/** It says nothing here. */
export const ID3_VALUE = '';
const VERSION_1 = 1;
/** The message is about a moment and has no end. */
const UNKNOWN_DURATION = 0xffffffff;

export interface EventMessage {
  /** The same in all renditions, so that players that change from one to the other know it again. */
  readonly id: number;
  readonly presentationTicks: number;
  readonly timescale: number;
  readonly id3: Buffer;
}

/** An event message box with an ID3 tag (ISO/IEC 23009-1 5.10.3.3), which precedes a chunk's moof. */
export function buildEventMessage({ id, presentationTicks, timescale, id3 }: EventMessage): Buffer {
  const fields = Buffer.alloc(24);
  fields.writeUInt8(VERSION_1);
  fields.writeUInt32BE(timescale, 4);
  fields.writeBigUInt64BE(BigInt(presentationTicks), 8);
  fields.writeUInt32BE(UNKNOWN_DURATION, 16);
  fields.writeUInt32BE(id, 20);
  const body = Buffer.concat([fields, Buffer.from(`${ID3_SCHEME}\0${ID3_VALUE}\0`), id3]);
  const header = Buffer.alloc(8);
  header.writeUInt32BE(header.length + body.length);
  header.write('emsg', 4, 'latin1');
  return Buffer.concat([header, body]);
}
