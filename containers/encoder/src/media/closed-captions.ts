/**
 * A channel of closed captions in H.264, as INSTREAM-ID names it (RFC 8216bis 4.4.6.1): the first of each field of CEA-608, and the
 * first service of CEA-708.
 */
export const CAPTION_CHANNELS = ['CC1', 'CC3', 'SERVICE1'] as const;
export type CaptionChannel = (typeof CAPTION_CHANNELS)[number];

const NAL_LENGTH_BYTES = 4;
/** NAL unit types (ITU-T H.264 7.4.1). A picture's slices follow its SEI. */
const FIRST_SLICE_TYPE = 1;
const LAST_SLICE_TYPE = 5;
const SEI_TYPE = 6;
/** SEI payload user_data_registered_itu_t_t35 (ITU-T H.264 D.1.6). */
const REGISTERED_USER_DATA = 4;
/** United States, ATSC, "GA94", cc_data (ATSC A/53 part 4, 6.2.3). */
const CAPTION_DATA = Buffer.from([0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03]);
/** cc_type (CTA-708 4.3): the fields of CEA-608, and the start of a CEA-708 packet. */
const FIELD_1 = 0;
const FIELD_2 = 1;
const PACKET_START = 3;

/** The channels that have something to say in a frame, whose NAL units follow their length (AVC sample). Ignores padding. */
export function captionChannels(sample: Buffer): CaptionChannel[] {
  const found: CaptionChannel[] = [];
  for (let offset = 0; offset + NAL_LENGTH_BYTES < sample.length; ) {
    const start = offset + NAL_LENGTH_BYTES;
    const type = (sample[start] ?? 0) & 0x1f;
    if (type >= FIRST_SLICE_TYPE && type <= LAST_SLICE_TYPE) break;
    offset = start + sample.readUInt32BE(offset);
    if (type === SEI_TYPE) found.push(...channelsOfSei(withoutEmulation(sample.subarray(start + 1, offset))));
  }
  return found;
}

/** Removes emulation_prevention_three_byte (ITU-T H.264 7.4.1.1). */
function withoutEmulation(nal: Buffer): Buffer {
  return Buffer.from(nal.filter((byte, index) => !(byte === 3 && nal[index - 1] === 0 && nal[index - 2] === 0)));
}

function channelsOfSei(sei: Buffer): CaptionChannel[] {
  const found: CaptionChannel[] = [];
  for (let offset = 0; offset + 2 < sei.length; ) {
    const type = readExtended(sei, offset);
    const size = readExtended(sei, type.end);
    const payload = sei.subarray(size.end, size.end + size.value);
    offset = size.end + size.value;
    const isCaptions = payload.subarray(0, CAPTION_DATA.length).equals(CAPTION_DATA);
    if (type.value === REGISTERED_USER_DATA && isCaptions)
      found.push(...channelsOfData(payload.subarray(CAPTION_DATA.length)));
  }
  return found;
}

/** A number that is written as the sum of its bytes, of which all but the last are 255. */
function readExtended(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  let end = start;
  while (bytes[end] === 0xff) {
    value += 0xff;
    end++;
  }
  return { value: value + (bytes[end] ?? 0), end: end + 1 };
}

/** `data` is cc_data: a count, a reserved byte, and three bytes for each construct. */
function channelsOfData(data: Buffer): CaptionChannel[] {
  const count = (data[0] ?? 0) & 0x1f;
  return Array.from({ length: count }, (_, index) => data.subarray(2 + 3 * index, 5 + 3 * index)).flatMap(channelOf);
}

function channelOf(construct: Buffer): CaptionChannel[] {
  const [head = 0, first = 0, second = 0] = construct;
  const isValid = (head & 4) !== 0;
  // Padding has nothing but the parity bits.
  if (!isValid || ((first | second) & 0x7f) === 0) return [];
  const type = head & 3;
  if (type === FIELD_1) return ['CC1'];
  if (type === FIELD_2) return ['CC3'];
  return type === PACKET_START && hasService(second) ? ['SERVICE1'] : [];
}

/** Whether the first block of a packet is of a service and not empty. `header` is service_number and block_size. */
function hasService(header: number): boolean {
  return header >> 5 > 0 && (header & 0x1f) > 0;
}
