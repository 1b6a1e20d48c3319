const LENGTH_BYTES = 4;
const H264_IDR = 5;
/** BLA, IDR and CRA pictures (ITU-T H.265, table 7-1). */
const HEVC_RANDOM_ACCESS = { least: 16, most: 21 } as const;
/** AV1 specification 5.3.1: a sequence header comes with each random access point. */
const AV1_SEQUENCE_HEADER = 1;

/** Whether a player can begin with this sample. Samples of other codecs are taken for such. */
export function isRandomAccess(sample: Buffer, codec: string): boolean {
  if (/^avc[13]\./.test(codec)) return nalHeaders(sample).some((header) => (header & 0x1f) === H264_IDR);
  if (/^(hvc1|hev1)\./.test(codec)) {
    return nalHeaders(sample).some((header) => {
      const type = (header >> 1) & 0x3f;
      return type >= HEVC_RANDOM_ACCESS.least && type <= HEVC_RANDOM_ACCESS.most;
    });
  }
  if (codec.startsWith('av01.')) return obuTypes(sample).includes(AV1_SEQUENCE_HEADER);
  return true;
}

/** The first byte of each NAL unit. Units have lengths of four bytes before them, as all muxers in use write them. */
function nalHeaders(sample: Buffer): number[] {
  const headers: number[] = [];
  let offset = 0;
  while (offset + LENGTH_BYTES < sample.length) {
    headers.push(sample.readUInt8(offset + LENGTH_BYTES));
    offset += LENGTH_BYTES + sample.readUInt32BE(offset);
  }
  return headers;
}

/** The types of the OBUs until one has no size. */
function obuTypes(sample: Buffer): number[] {
  const types: number[] = [];
  let offset = 0;
  while (offset < sample.length) {
    const header = sample.readUInt8(offset);
    types.push((header >> 3) & 0xf);
    if ((header & 0x02) === 0) break;
    offset += (header & 0x04) === 0 ? 1 : 2;
    let size = 0;
    for (let index = 0; index < 8 && offset < sample.length; index++) {
      const byte = sample.readUInt8(offset++);
      size += (byte & 0x7f) * 2 ** (7 * index);
      if ((byte & 0x80) === 0) break;
    }
    offset += size;
  }
  return types;
}
