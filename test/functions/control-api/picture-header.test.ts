import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PictureError, readPictureHeader } from '#functions/control-api/picture-header.ts';
import { Random } from '#kit/random.ts';
import { GREEN, makeJpegMarkers, makePng } from '#test/support/pictures.ts';

const JPEG = readFileSync(fileURLToPath(new URL('../../../docs/watch-page.jpg', import.meta.url)));
const PNG = makePng({ width: 64, height: 36, colour: GREEN });
const IHDR_END = 33;
const small = { width: 2, height: 2, colour: GREEN };

test.each<[string, Buffer, object]>([
  ['a PNG', PNG, { type: 'image/png', width: 64, height: 36 }],
  ['the largest PNG', makePng(small, { width: 4096, height: 4096 }), { width: 4096, height: 4096 }],
  ['a JPEG', JPEG, { type: 'image/jpeg', width: 1280, height: 800 }],
  ['a progressive JPEG', makeJpegMarkers({ frame: 0xc2, scans: 10 }), { width: 640, height: 360 }],
  ['a grey JPEG', makeJpegMarkers({ components: 1 }), { type: 'image/jpeg' }],
  ['a JPEG with fill bytes', Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xff]), makeJpegMarkers().subarray(2)]), {}],
])('%s has a type and a size', (_name, bytes, header) => {
  expect(readPictureHeader(bytes)).toMatchObject(header);
});

test.each<[string, Buffer, string]>([
  ['nothing', Buffer.alloc(0), 'neither a PNG nor a JPEG'],
  ['a GIF', Buffer.from('GIF89a\u0001\u0000\u0001\u0000'), 'neither a PNG nor a JPEG'],
  ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'neither a PNG nor a JPEG'],
  ['WebP', Buffer.from('RIFF\u0024\u0000\u0000\u0000WEBPVP8 '), 'neither a PNG nor a JPEG'],
  ['a signature alone', PNG.subarray(0, 8), 'cut off'],
  ['a PNG without its end', PNG.subarray(0, -12), 'cut off'],
  ['a PNG that is cut within its pixels', PNG.subarray(0, IHDR_END + 20), 'cut off'],
  ['a PNG without pixels', Buffer.concat([PNG.subarray(0, IHDR_END), PNG.subarray(-12)]), 'cut off'],
  ['a PNG that begins with its end', Buffer.concat([PNG.subarray(0, 8), PNG.subarray(-12)]), 'damaged'],
  ['a PNG with two headers', Buffer.concat([PNG.subarray(0, IHDR_END), PNG.subarray(8)]), 'damaged'],
  ['a PNG and more', Buffer.concat([PNG, Buffer.from('<script>')]), 'something after the end'],
  ['a PNG that is too wide', makePng(small, { width: 4097 }), '4097x2 pixels; 4096x4096 are allowed'],
  ['a PNG that is too high', makePng(small, { height: 0x7fffffff }), '2x2147483647 pixels'],
  ['a PNG of no height', makePng(small, { height: 0 }), 'no pixels'],
  ['a PNG that is too narrow', makePng(small, { height: 41 }), '2x41, which is too narrow'],
  ['a JPEG that is too large', makeJpegMarkers({ width: 65_535, height: 65_535 }), '65535x65535 pixels'],
  ['a JPEG whose height comes later', makeJpegMarkers({ height: 0 }), 'no pixels'],
  ['a JPEG of CMYK', makeJpegMarkers({ components: 4 }), 'not RGB or grey'],
  ['a JPEG of 12 bits', makeJpegMarkers({ frame: 0xc1, precision: 12 }), '8 bits'],
  ['a lossless JPEG', makeJpegMarkers({ frame: 0xc3 }), 'neither a baseline nor a progressive one'],
  ['a JPEG without its end', JPEG.subarray(0, -2), 'cut off'],
  ['a JPEG that is cut within its header', JPEG.subarray(0, 100), 'cut off'],
  ['a JPEG without a frame', makeJpegMarkers({ frame: 0xfe }), 'damaged'],
  ['a JPEG of thousands of scans', makeJpegMarkers({ frame: 0xc2, scans: 5000 }), '5000 scans; 100 are allowed'],
])('%s is refused in words', (_name, bytes, reason) => {
  expect(() => readPictureHeader(bytes)).toThrow(PictureError);
  expect(() => readPictureHeader(bytes)).toThrow(reason);
});

test('whatever is damaged is read or refused in words', () => {
  const random = new Random(20_250_102);
  for (const picture of [PNG, makeJpegMarkers(), JPEG.subarray(0, 2000)]) {
    for (let round = 0; round < 2000; round += 1) {
      const bytes = Buffer.from(picture.subarray(0, random.integer(0, picture.length)));
      for (let change = 0; change < 3 && bytes.length > 0; change += 1)
        bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
      try {
        readPictureHeader(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(PictureError);
      }
    }
  }
});
