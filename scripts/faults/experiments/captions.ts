import { type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';

const BEFORE_SECONDS = 6;
const VIDEO_HEADER_BYTES = 5;
/**
 * Supplemental enhancement information for H.264 (D.1.6, user data registered by ITU-T T.35) with one pair of CEA-608 bytes (A/53
 * part 4, 6.2.3): "Hi" on channel 1, with odd parity.
 */
const CAPTION_NAL = Buffer.from([
  ...[0x06, 0x04, 0x0e],
  ...[0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03, 0xc1, 0xff, 0xfc, 0xc8, 0xe9, 0xff],
  0x80,
]);

/** The source has captions in its picture. */
export const captions: Fault = {
  name: 'captions',
  expected: 'the multivariant playlist declares the closed captions of the source',
  run: async (context) => {
    const scene = await Scene.open(context);
    await scene.publishTags({ change: ({ tag, dueMs }) => [{ tag: withCaption(tag), dueMs }] });
    await scene.watchWith('plain');
    await scene.pass(BEFORE_SECONDS);
    const master = (await scene.master()) ?? '';
    const isDeclared = /TYPE=CLOSED-CAPTIONS.*INSTREAM-ID="CC1"/.test(master);
    const isDenied = master.includes('CLOSED-CAPTIONS=NONE');
    return scene.outcome([
      observation(isDeclared, isDeclared ? 'CC1 is declared' : 'CC1 is not declared'),
      observation(!isDenied, isDenied ? 'CLOSED-CAPTIONS=NONE' : 'not denied'),
    ]);
  },
};

function withCaption(tag: FlvTag): FlvTag {
  if (tag.type !== VIDEO_TAG || tag.payload[1] !== 1) return tag;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(CAPTION_NAL.length);
  const header = tag.payload.subarray(0, VIDEO_HEADER_BYTES);
  const payload = Buffer.concat([header, length, CAPTION_NAL, tag.payload.subarray(VIDEO_HEADER_BYTES)]);
  return { ...tag, payload };
}
