import { DEFAULT_RTMP_LIMITS, parseRtmpLimits } from '#encoder/guard/rtmp-limits.ts';

test('the named limits are changed and all others keep their defaults', () => {
  const limits = parseRtmpLimits('maxConnections=50, idleTimeoutMs = 10000');
  expect(limits).toEqual({ ...DEFAULT_RTMP_LIMITS, maxConnections: 50, idleTimeoutMs: 10_000 });
});

test.each(Object.entries(DEFAULT_RTMP_LIMITS))('%s can be changed and its default is a valid value', (name, value) => {
  expect(parseRtmpLimits(`${name}=${value}`)).toEqual(DEFAULT_RTMP_LIMITS);
  expect(parseRtmpLimits(`${name}=7`)).toEqual({ ...DEFAULT_RTMP_LIMITS, [name]: 7 });
});

test.each(['0', '-1', '1.5', 'many', '', '1e3', '99999999999999999999', '5=6'])('value "%s" is refused', (value) => {
  expect(() => parseRtmpLimits(`maxConnections=${value}`)).toThrow('maxConnections must be a whole number above 0');
});

test.each(['', 'maxconnections=5', 'constructor=5', '__proto__=5'])('the unknown limit "%s" is refused', (text) => {
  expect(() => parseRtmpLimits(text)).toThrow(/is none of maxConnections, /);
});

test('one error lists every problem', () => {
  expect(() => parseRtmpLimits('a=1,maxConnections=x,b=2')).toThrow(/a is none.*; maxConnections must.*; b is none/);
});
