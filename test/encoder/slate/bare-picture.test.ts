import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SlateImageType } from '#domain/slate-images.ts';
import { barePicture } from '#encoder/slate/bare-picture.ts';
import { GREEN, jpegSegment, makeJpegMarkers, makePng, pngChunk } from '#test/support/pictures.ts';

const PICTURE = { width: 4, height: 4, colour: GREEN };
const bare = (type: SlateImageType, data: Buffer): Buffer => barePicture({ type, data });

test('a PNG keeps what its pixels need, and loses texts, profiles and animation', () => {
  const extra = ['tEXt', 'zTXt', 'iTXt', 'iCCP', 'eXIf', 'acTL', 'fcTL', 'fdAT'].map((type) =>
    pngChunk(type, Buffer.alloc(9)),
  );
  const needed = ['PLTE', 'tRNS'].map((type) => pngChunk(type, Buffer.alloc(3)));
  expect(bare('image/png', makePng(PICTURE, {}, [...extra, ...needed]))).toEqual(makePng(PICTURE, {}, needed));
});

test('a JPEG keeps its tables and how its colours are coded, and loses the rest, between scans too', () => {
  const extra = [0xe1, 0xe2, 0xed, 0xef, 0xfe].flatMap((marker) => jpegSegment(marker, [1, 2, 3]));
  const needed = [0xee, 0xdb, 0xc4, 0xdd].flatMap((marker) => jpegSegment(marker, [0]));
  const settings = { frame: 0xc2, scans: 3 };
  const picture = makeJpegMarkers(settings, [...extra, ...needed]);
  expect(bare('image/jpeg', picture)).toEqual(makeJpegMarkers(settings, needed));
});

test('a photo loses little, and what comes after its end', () => {
  const photo = readFileSync(fileURLToPath(new URL('../../../docs/watch-page.jpg', import.meta.url)));
  const once = bare('image/jpeg', photo);
  expect(photo.length - once.length).toBeLessThan(100);
  expect(bare('image/jpeg', Buffer.concat([once, photo]))).toEqual(once);
});

test.each<[string, SlateImageType, Buffer]>([
  ['a JPEG without its end', 'image/jpeg', makeJpegMarkers().subarray(0, -2)],
  ['a JPEG that is cut within a segment', 'image/jpeg', makeJpegMarkers().subarray(0, 12)],
  ['a JPEG without markers', 'image/jpeg', Buffer.alloc(100)],
  ['a PNG that is cut within a length', 'image/png', makePng(PICTURE).subarray(0, 10)],
])('%s is refused', (_name, type, data) => {
  expect(() => bare(type, data)).toThrow(/cut off|no marker|out of range/);
});
