import { parsePageAddress } from '#site/watch/page-address.ts';

test.each([
  ['/watch/abcdefghij234567', 'watch'],
  ['/embed/abcdefghij234567', 'embed'],
  ['/watch/abcdefghij234567/', 'watch'],
])('parses %s', (pathname, page) => {
  expect(parsePageAddress({ pathname, hash: '' })).toEqual({
    page,
    stream: {
      masterPath: '/live/abcdefghij234567/master.m3u8',
      statusPath: '/live/abcdefghij234567/status.json',
      isProtected: false,
    },
  });
});

test.each(['watch', 'embed'])('parses /%s/ with a viewer token', (page) => {
  const pathname = `/${page}/tabcdefghij234567`;
  expect(parsePageAddress({ pathname, hash: '#token=a.1800000000.b-_' })).toEqual({
    page,
    stream: {
      masterPath: '/t/a.1800000000.b-_/live/tabcdefghij234567/master.m3u8',
      statusPath: '/t/a.1800000000.b-_/live/tabcdefghij234567/status.json',
      isProtected: true,
    },
  });
});

test.each(['', '#', '#token=', '#token=a/../b', '#token=a%2fb', '#other=a', '#token=a&b=c'])(
  'the hash %j holds no viewer token',
  (hash) => {
    const { stream } = parsePageAddress({ pathname: '/watch/tabcdefghij234567', hash });
    expect(stream?.masterPath).toBe('/live/tabcdefghij234567/master.m3u8');
  },
);

test.each([
  ['/', 'watch'],
  ['/watch/', 'watch'],
  ['/watch/abcdefghij23456', 'watch'],
  ['/watch/abcdefghij234567x', 'watch'],
  ['/watch/abcdefghij234567.', 'watch'],
  ['/watch/ABCDEFGHIJ234567', 'watch'],
  ['/watch/%2e%2e', 'watch'],
  ['/embed/abc', 'embed'],
  ['/x/watch/abcdefghij234567', 'watch'],
])('%j has no stream', (pathname, page) => {
  expect(parsePageAddress({ pathname, hash: '' })).toEqual({ page, stream: null });
});
