import { randomBytes } from 'node:crypto';
import { AUDIO_TAG, type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { PlainTags } from '#encoder/media/plain-tags.ts';

type TagPart = number | string;

/** A tag whose payload is bytes, and text such as FourCCs. */
function tagOf(type: FlvTag['type'], ...parts: readonly TagPart[]): FlvTag {
  const bytes = parts.flatMap((part) => (typeof part === 'number' ? [part] : [...Buffer.from(part, 'latin1')]));
  return { type, timestampMs: 7, payload: Buffer.from(bytes) };
}
const video = (...parts: readonly TagPart[]): FlvTag => tagOf(VIDEO_TAG, ...parts);
const audio = (...parts: readonly TagPart[]): FlvTag => tagOf(AUDIO_TAG, ...parts);

const NONE = { video: false, audio: false };

test.each([
  ['H.264 header', video(0x90, 'avc1', 'config'), video(0x17, 0, 0, 0, 0, 'config')],
  ['H.264 keyframe', video(0x91, 'avc1', 0, 0, 40, 'frame'), video(0x17, 1, 0, 0, 40, 'frame')],
  ['H.264 frame without composition time', video(0xa3, 'avc1', 'frame'), video(0x27, 1, 0, 0, 0, 'frame')],
  ['AAC header', audio(0x90, 'mp4a', 0x11, 0x90), audio(0xaf, 0, 0x11, 0x90)],
  ['AAC frame', audio(0x91, 'mp4a', 'frame'), audio(0xaf, 1, 'frame')],
  ['MP3, 44.1 kHz, stereo', audio(0x91, '.mp3', 0xff, 0xfb, 0x90, 0x00), audio(0x2f, 0xff, 0xfb, 0x90, 0x00)],
  ['MP3, 22.05 kHz, mono', audio(0x91, '.mp3', 0xff, 0xf3, 0x90, 0xc4), audio(0x2a, 0xff, 0xf3, 0x90, 0xc4)],
  ['a modifier', video(0x97, 2, 0, 0, 9, 0x01, 'hvc1', 0, 0, 0, 'frame'), video(0x91, 'hvc1', 0, 0, 0, 'frame')],
  ['two modifiers', audio(0x97, 0, 5, 0x07, 0, 5, 0x01, 'Opus', 'frame'), audio(0x91, 'Opus', 'frame')],
  [
    'a modifier of 256 bytes',
    video(0xa7, 255, 0, 255, ...Array(256).fill(9), 0x03, 'av01', 'frame'),
    video(0xa3, 'av01', 'frame'),
  ],
  ['one track with a number', video(0x96, 0x01, 'hvc1', 3, 0, 0, 0, 'frame'), video(0x91, 'hvc1', 0, 0, 0, 'frame')],
  ['tracks', audio(0x95, 0x11, 'Opus', 4, 0, 0, 2, 'ab', 5, 0, 0, 1, 'c'), audio(0x91, 'Opus', 'ab')],
  [
    'tracks of many codecs',
    video(0x96, 0x20, 'avc1', 0, 0, 0, 2, 'ab', 'hvc1', 1, 0, 0, 1, 'c'),
    video(0x17, 0, 0, 0, 0, 'ab'),
  ],
])('%s becomes a plain tag', (_, tag, plain) => {
  expect(new PlainTags().add(tag)).toEqual(plain);
});

test.each([
  ['H.264', video(0x17, 1, 0, 0, 0, 'frame')],
  ['AAC', audio(0xaf, 1, 'frame')],
  ['HEVC', video(0x91, 'hvc1', 0, 0, 0, 'frame')],
  ['Opus', audio(0x90, 'Opus', 'OpusHead')],
  ['metadata', tagOf(SCRIPT_TAG, 'onMetaData')],
  ['an unknown codec', video(0x90, 'dvh1')],
  ['an empty tag', video()],
  ['a damaged tag', video(0x96, 0x11, 'hvc1', 1, 0, 0, 200, 'ab')],
  ['an endless modifier', audio(0x97, 200, 1)],
])('%s stays the same tag', (_, tag) => {
  expect(new PlainTags().add(tag)).toBe(tag);
});

test.each([
  ['the end of a sequence', video(0x92, 'hvc1')],
  ['video metadata', video(0x94, 'hvc1', 'colorInfo')],
  ['a command', video(0xd0, 1)],
  ['a configuration for MPEG-TS', video(0x95, 'av01')],
  ['packets of later versions', video(0x99, 'hvc1')],
  ['a layout of channels', audio(0x94, 'Opus', 1, 2)],
  ['the end of audio', audio(0x92, 'Opus')],
])('%s is left out', (_, tag) => {
  const tags = new PlainTags();
  expect(tags.add(tag)).toBeNull();
  expect(tags.ignored).toEqual(NONE);
});

test('only the first track of a kind is used, and others are reported', () => {
  const tags = new PlainTags();
  expect(tags.add(video(0x17, 0, 0, 0, 0, 'first'))).not.toBeNull();
  expect(tags.add(audio(0x95, 0x00, 'mp4a', 2, 'config'))).toEqual(audio(0xaf, 0, 'config'));
  expect(tags.ignored).toEqual(NONE);
  expect(tags.add(video(0x96, 0x00, 'hvc1', 1, 'second'))).toBeNull();
  expect(tags.ignored).toEqual({ video: true, audio: false });
  expect(tags.add(audio(0xaf, 1, 'plain audio is track 0'))).toBeNull();
  expect(tags.add(audio(0x95, 0x01, 'mp4a', 2, 'frame'))).toEqual(audio(0xaf, 1, 'frame'));
  expect(tags.ignored).toEqual({ video: true, audio: true });
  expect(tags.add(video(0x17, 1, 0, 0, 0, 'first'))).not.toBeNull();
});

test('the chosen track is found among others, wherever it is in the tag', () => {
  const tags = new PlainTags();
  tags.add(audio(0x95, 0x11, 'Opus', 7, 0, 0, 1, 'a'));
  expect(tags.add(audio(0x95, 0x11, 'Opus', 1, 0, 0, 1, 'b', 7, 0, 0, 2, 'cd'))).toEqual(audio(0x91, 'Opus', 'cd'));
  expect(tags.ignored).toEqual({ video: false, audio: true });
});

test('random bytes never throw', () => {
  for (let round = 0; round < 5_000; round++) {
    const first = [0x95, 0x96, 0x97, 0xa6, 0xd7, 0x91][round % 6] ?? 0;
    const payload = Buffer.concat([Buffer.from([first, round & 0x23]), randomBytes(round % 40)]);
    const plain = new PlainTags().add({ type: round % 2 === 0 ? VIDEO_TAG : AUDIO_TAG, timestampMs: 0, payload });
    expect(plain === null || plain.payload.length <= payload.length + 1).toBe(true);
  }
});
