import {
  AUDIO_TAG,
  type FlvTag,
  isAudioSequenceHeader,
  isVideoKeyframe,
  isVideoSequenceHeader,
  SCRIPT_TAG,
  VIDEO_TAG,
} from '#encoder/media/flv-tag.ts';

const kindsOf = (type: FlvTag['type'], bytes: readonly number[]) => {
  const tag = { type, timestampMs: 0, payload: Buffer.from(bytes) };
  return [
    ...(isVideoSequenceHeader(tag) ? ['video header'] : []),
    ...(isVideoKeyframe(tag) ? ['keyframe'] : []),
    ...(isAudioSequenceHeader(tag) ? ['audio header'] : []),
  ];
};
const HVC1 = [...Buffer.from('hvc1')];

test.each<[string, FlvTag['type'], readonly number[], readonly string[]]>([
  ['an AVC sequence header', VIDEO_TAG, [0x17, 0, 0, 0, 0], ['video header']],
  ['an AVC keyframe', VIDEO_TAG, [0x17, 1, 0, 0, 0], ['keyframe']],
  ['an AVC keyframe marker without a picture', VIDEO_TAG, [0x17, 2, 0, 0, 0], []],
  ['an AVC inter frame', VIDEO_TAG, [0x27, 1, 0, 0, 0], []],
  ['a keyframe of another legacy codec', VIDEO_TAG, [0x12], ['keyframe']],
  ['an enhanced sequence start', VIDEO_TAG, [0x90, ...HVC1], ['video header']],
  ['an enhanced keyframe with composition time', VIDEO_TAG, [0x91, ...HVC1], ['keyframe']],
  ['an enhanced keyframe without', VIDEO_TAG, [0x93, ...HVC1], ['keyframe']],
  ['an enhanced inter frame', VIDEO_TAG, [0xa1, ...HVC1], []],
  ['enhanced metadata', VIDEO_TAG, [0x94, ...HVC1], []],
  ['an AAC header', AUDIO_TAG, [0xaf, 0, 0x11, 0x90], ['audio header']],
  ['an AAC frame', AUDIO_TAG, [0xaf, 1, 0], []],
  ['an MP3 frame', AUDIO_TAG, [0x2f, 0], []],
  ['audio with the bytes of a video header', AUDIO_TAG, [0x17, 0], []],
  ['script data with the bytes of an AAC header', SCRIPT_TAG, [0xaf, 0], []],
  ['empty video', VIDEO_TAG, [], []],
  ['empty audio', AUDIO_TAG, [], []],
  ['a video tag of one byte', VIDEO_TAG, [0x17], []],
])('%s', (_, type, bytes, kinds) => {
  expect(kindsOf(type, bytes)).toEqual(kinds);
});
