import { trackFormatOf } from '#encoder/package/init-section.ts';
import { box } from '../../scripts/check-hls/tiny-mp4.ts';

const WIDTH = 640;
const HEIGHT = 360;

function initSection(entryType: string, ...configuration: readonly Buffer[]): Buffer {
  const fields = Buffer.alloc(78);
  fields.writeUInt16BE(WIDTH, 24);
  fields.writeUInt16BE(HEIGHT, 26);
  const entry = box(entryType, fields, ...configuration);
  const mdhd = Buffer.alloc(24);
  mdhd.writeUInt32BE(15_360, 12);
  const stbl = box('stbl', box('stsd', Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]), entry));
  const trak = box('trak', box('mdia', box('mdhd', mdhd), box('minf', stbl)));
  return Buffer.concat([box('ftyp'), box('moov', trak, box('mvex', box('trex', Buffer.alloc(24))))]);
}

/** AV1 in ISO base media files, 2.3: marker and version, profile and level, then tier, bit depth and chroma. */
test.each([
  ['main profile, level 3.0', [0x81, 0x04, 0x0c, 0x00], 'av01.0.04M.08'],
  ['a level of two digits in the high tier', [0x81, 0x0d, 0x8c, 0x00], 'av01.0.13H.08'],
  ['high profile with ten bits', [0x81, 0x28, 0x4c, 0x00], 'av01.1.08M.10'],
  ['professional profile with twelve bits', [0x81, 0x50, 0x6c, 0x00], 'av01.2.16M.12'],
])('the codec string of AV1: %s', (_, record, codec) => {
  expect(trackFormatOf(initSection('av01', box('av1C', Buffer.from(record))))).toEqual({
    ...{ codec, timescale: 15_360, channels: 0 },
    size: { width: WIDTH, height: HEIGHT },
  });
});

test('a sample entry without its configuration, or of another codec, is refused', () => {
  expect(() => trackFormatOf(initSection('av01'))).toThrow('no av1C box in av01');
  expect(() => trackFormatOf(initSection('vp09'))).toThrow('sample entry vp09; avc1, hvc1, av01, mp4a are known');
});
