import { type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';

/** cc_type and two bytes of closed captions (CTA-708 4.3). */
export type CaptionBytes = readonly [type: 0 | 1 | 2 | 3, first: number, second: number];

/** CEA-608 "AB" on field 1, with odd parity, and padding on field 2. */
export const FIELD_1_TEXT: readonly CaptionBytes[] = [
  [0, 0xc1, 0xc2],
  [1, 0x80, 0x80],
];

export const withOddParity = (byte: number): number =>
  byte | (byte.toString(2).replaceAll('0', '').length % 2 === 0 ? 0x80 : 0);

/** An SEI NAL unit with closed captions (ATSC A/53 part 4, 6.2.3), without a length. */
export function captionSei(captions: readonly CaptionBytes[]): Buffer {
  const data = [
    ...[0xb5, 0x00, 0x31, ...Buffer.from('GA94'), 0x03, 0x40 | captions.length, 0xff],
    ...captions.flatMap(([type, first, second]) => [0xfc | type, first, second]),
    0xff,
  ];
  return Buffer.from([0x06, 4, data.length, ...withEmulation(data), 0x80]);
}

/** NAL units of a frame as an MP4 or FLV has them, each after its length. */
export function toSample(...nalUnits: readonly Buffer[]): Buffer {
  return Buffer.concat(
    nalUnits.flatMap((nal) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(nal.length);
      return [length, nal];
    }),
  );
}

/** The same tags with closed captions in every frame of H.264 from `fromMs` on. */
export function withCaptions(tags: readonly FlvTag[], captions: readonly CaptionBytes[], fromMs = 0): FlvTag[] {
  const sei = toSample(captionSei(captions));
  return tags.map((tag) => {
    const isFrame = tag.type === VIDEO_TAG && tag.payload[1] === 1 && tag.timestampMs >= fromMs;
    return isFrame
      ? { ...tag, payload: Buffer.concat([tag.payload.subarray(0, 5), sei, tag.payload.subarray(5)]) }
      : tag;
  });
}

/** With emulation_prevention_three_byte (ITU-T H.264 7.4.1.1). */
function withEmulation(bytes: readonly number[]): number[] {
  const escaped: number[] = [];
  for (const byte of bytes) {
    if (byte <= 3 && escaped.at(-1) === 0 && escaped.at(-2) === 0) escaped.push(3);
    escaped.push(byte);
  }
  return escaped;
}
