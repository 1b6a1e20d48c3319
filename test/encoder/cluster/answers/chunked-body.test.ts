import { ChunkedBody } from '#encoder/cluster/answers/chunked-body.ts';

const BODY = '5\r\nmedia\r\n0B\r\nof two part\r\n1\r\ns\r\n0\r\n\r\n';

test.each([1, 2, 3, 7, BODY.length])('a body that comes %i bytes at a time is the same', (step) => {
  const chunks = new ChunkedBody();
  const data: Buffer[] = [];
  for (let at = 0; at < BODY.length; at += step) {
    expect(chunks.isComplete).toBe(false);
    data.push(...chunks.read(Buffer.from(BODY.slice(at, at + step))));
  }
  expect(String(Buffer.concat(data))).toBe('mediaof two parts');
  expect(chunks.isComplete).toBe(true);
});

test.each([
  ['no size', '\r\n'],
  ['no hexadecimal size', 'x\r\n'],
  ['a negative size', '-1\r\n'],
  ['a size without an end', '00000000000'],
  ['more than 32 bits', '100000000\r\n'],
  ['an extension', '5;a=b\r\n'],
  ['a line feed alone', '5\nmedia'],
  ['a chunk that is longer than its size', '4\r\nmedia\r\n'],
  ['a trailer', '0\r\nx: y\r\n\r\n'],
  ['bytes after the end', '0\r\n\r\nx'],
])('%s is refused', (_case, text) => {
  expect(() => new ChunkedBody().read(Buffer.from(text))).toThrow();
});
