import { CaptionField, FIELD_CHANNELS } from './caption-field.ts';
import { CaptionPacket, SERVICE_CHANNELS } from './caption-packet.ts';

/** A channel of closed captions in H.264, as INSTREAM-ID names it (RFC 8216bis 4.4.6.1). */
export const CAPTION_CHANNELS = [...FIELD_CHANNELS[0], ...FIELD_CHANNELS[1], ...SERVICE_CHANNELS] as const;
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
const COUNT_MASK = 0x1f;
/** cc_valid and cc_type (CTA-708 4.3): the fields of CEA-608, and the start of a CEA-708 packet and more of it. */
const VALID = 4;
const TYPE_MASK = 3;
const FIELD_1 = 0;
const FIELD_2 = 1;
const PACKET_START = 3;

/** Finds out which closed captions a stream has. */
export class ClosedCaptions {
  /** Whoever comes in the middle of a caption gets its characters without a control code. In field 2, they may be XDS as well. */
  readonly #field1 = new CaptionField(FIELD_CHANNELS[0], 'CC1');
  readonly #field2 = new CaptionField(FIELD_CHANNELS[1], null);

  /**
   * The channels that have something to say in the next frame that is shown, whose NAL units follow their length (AVC sample). Of a
   * packet over several frames, only what is in the first one is looked at: if one were lost, letters would be taken for headers.
   */
  channelsIn(sample: Buffer): CaptionChannel[] {
    const found: (CaptionChannel | null)[] = [];
    let packet: CaptionPacket | null = null;
    for (const [head, first, second] of captionConstructs(sample)) {
      if ((head & VALID) === 0) continue;
      const type = head & TYPE_MASK;
      if (type === FIELD_1) found.push(this.#field1.read(first, second));
      else if (type === FIELD_2) found.push(this.#field2.read(first, second));
      else if (type === PACKET_START) {
        packet = new CaptionPacket(first);
        found.push(packet.read(second));
      } else if (packet !== null) found.push(packet.read(first), packet.read(second));
    }
    return found.filter((channel) => channel !== null);
  }
}

type CaptionConstruct = readonly [head: number, first: number, second: number];

function captionConstructs(sample: Buffer): CaptionConstruct[] {
  const found: CaptionConstruct[] = [];
  for (let offset = 0; offset + NAL_LENGTH_BYTES < sample.length; ) {
    const start = offset + NAL_LENGTH_BYTES;
    const type = (sample[start] ?? 0) & 0x1f;
    if (type >= FIRST_SLICE_TYPE && type <= LAST_SLICE_TYPE) break;
    offset = start + sample.readUInt32BE(offset);
    if (type === SEI_TYPE) found.push(...constructsOfSei(withoutEmulation(sample.subarray(start + 1, offset))));
  }
  return found;
}

/** Removes emulation_prevention_three_byte (ITU-T H.264 7.4.1.1). */
function withoutEmulation(nal: Buffer): Buffer {
  return Buffer.from(nal.filter((byte, index) => !(byte === 3 && nal[index - 1] === 0 && nal[index - 2] === 0)));
}

function constructsOfSei(sei: Buffer): CaptionConstruct[] {
  const found: CaptionConstruct[] = [];
  for (let offset = 0; offset + 2 < sei.length; ) {
    const type = readExtended(sei, offset);
    const size = readExtended(sei, type.end);
    const payload = sei.subarray(size.end, size.end + size.value);
    offset = size.end + size.value;
    const isCaptions = payload.subarray(0, CAPTION_DATA.length).equals(CAPTION_DATA);
    if (type.value === REGISTERED_USER_DATA && isCaptions)
      found.push(...constructsOfData(payload.subarray(CAPTION_DATA.length)));
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
function constructsOfData(data: Buffer): CaptionConstruct[] {
  const count = (data[0] ?? 0) & COUNT_MASK;
  return Array.from({ length: count }, (_, index) => {
    const [head = 0, first = 0, second = 0] = data.subarray(2 + 3 * index, 5 + 3 * index);
    return [head, first, second];
  });
}
