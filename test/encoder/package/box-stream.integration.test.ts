import { type Box, BoxStream, childBoxes, requireBox } from '#encoder/package/box-stream.ts';
import { encodeRun } from '#test/support/encoded-run.ts';

function box(type: string, payload: Buffer | string = ''): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + payload.length, 0);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, Buffer.from(payload)]);
}

/** A header that claims a size but has no body. */
function headerOfSize(bytes: number): Buffer {
  const header = box('mdat');
  header.writeUInt32BE(bytes, 0);
  return header;
}

const FILE = Buffer.concat([box('ftyp', 'abcd'), box('moof', 'e'), box('free'), box('mdat', 'fghijklm')]);
const BOXES = ['ftyp abcd', 'moof e', 'free ', 'mdat fghijklm'];

function describeBoxes(boxes: readonly Box[]): string[] {
  return boxes.map(({ type, data }) => `${type} ${data.toString('latin1', 8)}`);
}

test('the boxes are the same wherever the stream is split', () => {
  for (let cut = 0; cut <= FILE.length; cut++) {
    const stream = new BoxStream();
    const boxes = [...stream.push(FILE.subarray(0, cut)), ...stream.push(FILE.subarray(cut))];
    expect(describeBoxes(boxes)).toEqual(BOXES);
  }
});

test.each([1, 2, 3, 7, 8, 9])('in chunks of %i bytes, each box is returned with its last byte', (chunkBytes) => {
  const stream = new BoxStream();
  const seen: string[] = [];
  let endOfBoxes = 0;
  for (let offset = 0; offset < FILE.length; offset += chunkBytes) {
    const boxes = stream.push(FILE.subarray(offset, offset + chunkBytes));
    seen.push(...describeBoxes(boxes));
    endOfBoxes += boxes.reduce((bytes, { data }) => bytes + data.length, 0);
    expect(endOfBoxes).toBeLessThanOrEqual(offset + chunkBytes);
  }
  expect(seen).toEqual(BOXES);
});

test('a box that came in one chunk is not copied', () => {
  expect(new BoxStream().push(FILE)[1]?.data.buffer).toBe(FILE.buffer);
});

test.each([0, 1, 7, 32 * 1024 * 1024 + 1, 0xffffffff])('a size of %i bytes throws', (bytes) => {
  expect(() => new BoxStream().push(headerOfSize(bytes))).toThrow(
    `box mdat has ${bytes} bytes; 8 to 33554432 are allowed`,
  );
});

test('waits for the rest of the largest allowed box', () => {
  expect(new BoxStream().push(headerOfSize(32 * 1024 * 1024))).toEqual([]);
});

test('a child that reaches past its parent throws', () => {
  expect(() => childBoxes(headerOfSize(9))).toThrow('box mdat reaches past its parent');
});

test('the error names the missing box and its parent', () => {
  const [moov] = new BoxStream().push(box('moov', box('trak').toString('latin1')));
  if (moov === undefined) throw new Error('no box');
  expect(requireBox(moov, 'trak').type).toBe('trak');
  expect(() => requireBox(moov, 'trak', 'mdia')).toThrow('no mdia box in trak');
});

test('the boxes of a real file are the same bytes as the file', async () => {
  const { tracks } = await encodeRun();
  for (const { header, frames, trailer } of tracks.values()) {
    const stream = new BoxStream();
    const boxes = [header, ...frames, trailer].flatMap((chunk) => stream.push(chunk));
    expect(boxes.filter(({ type }) => type === 'moof')).toHaveLength(frames.length);
    expect(Buffer.concat(boxes.map(({ data }) => data))).toEqual(Buffer.concat([header, ...frames, trailer]));
  }
});
