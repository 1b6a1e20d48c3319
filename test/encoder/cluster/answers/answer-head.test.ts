import { headerOf, parseAnswerHead } from '#encoder/cluster/answers/answer-head.ts';

const parse = (...lines: string[]) => parseAnswerHead(lines.join('\r\n'));

test('a head has a status, and headers in their order, repeated ones included', () => {
  const head = parse('HTTP/1.1 206 Partial Content', 'Content-Length: 10', 'x:  a b\t', 'X:', 'link: <u:v>');
  expect(head).toEqual({
    status: 206,
    headers: ['content-length', '10', 'x', 'a b', 'x', '', 'link', '<u:v>'],
    contentLength: 10,
    isChunked: false,
    keepsConnection: true,
  });
  expect(headerOf(head.headers, 'x')).toBe('a b');
  expect(headerOf(head.headers, '10')).toBeUndefined();
});

test('a body that is still being made comes in chunks', () => {
  const head = parse('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked');
  expect(head).toMatchObject({ isChunked: true, contentLength: null });
});

test('a head need not have headers', () => {
  expect(parse('HTTP/1.1 204 No Content')).toMatchObject({ status: 204, headers: [], contentLength: null });
});

test.each([
  ['close', false],
  ['Close', false],
  ['x, close', false],
  ['keep-alive', true],
  ['not-closed', true],
])('connection: %s', (value, keepsConnection) => {
  expect(parse('HTTP/1.1 200 OK', `Connection: ${value}`)).toMatchObject({ keepsConnection });
});

test.each([
  [''],
  ['HTTP/1.0 200 OK'],
  ['HTTP/1.1 100 Continue'],
  ['HTTP/1.1 20 OK'],
  ['http/1.1 200 OK'],
  ['HTTP/1.1 200 OK', ': no name'],
  ['HTTP/1.1 200 OK', 'no colon'],
  ['HTTP/1.1 200 OK', 'content-length: 1', 'content-length: 1'],
  ['HTTP/1.1 200 OK', 'content-length: 0x10'],
  ['HTTP/1.1 200 OK', 'content-length: -1'],
  ['HTTP/1.1 200 OK', 'content-length:'],
  ['HTTP/1.1 200 OK', 'transfer-encoding: gzip, chunked'],
  ['HTTP/1.1 200 OK', 'transfer-encoding: chunked', 'transfer-encoding: chunked'],
  ['HTTP/1.1 200 OK', 'transfer-encoding: chunked', 'content-length: 1'],
])('%j is refused', (...lines) => {
  expect(() => parse(...lines)).toThrow();
});
