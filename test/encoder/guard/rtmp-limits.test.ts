import { DEFAULT_RTMP_LIMITS, parseRtmpLimits } from '#encoder/guard/rtmp-limits.ts';

test('changes what is named and nothing else', () => {
  const limits = parseRtmpLimits('maxConnections=50, idleTimeoutMs = 10000');
  expect(limits).toEqual({ ...DEFAULT_RTMP_LIMITS, maxConnections: 50, idleTimeoutMs: 10_000 });
});

test.each(Object.entries(DEFAULT_RTMP_LIMITS))('%s can be changed and has a default that is allowed', (name, value) => {
  expect(parseRtmpLimits(`${name}=${value}`)).toEqual(DEFAULT_RTMP_LIMITS);
  expect(parseRtmpLimits(`${name}=7`)).toEqual({ ...DEFAULT_RTMP_LIMITS, [name]: 7 });
});

test.each(['0', '-1', '1.5', 'many', '', '1e3', '99999999999999999999', '5=6'])('refuses the value "%s"', (value) => {
  expect(() => parseRtmpLimits(`maxConnections=${value}`)).toThrow('maxConnections must be a whole number above 0');
});

test.each(['', 'maxconnections=5', 'constructor=5', '__proto__=5'])('refuses "%s", naming what there is', (text) => {
  expect(() => parseRtmpLimits(text)).toThrow(/is none of maxConnections, /);
});

test('lists every problem at once', () => {
  expect(() => parseRtmpLimits('a=1,maxConnections=x,b=2')).toThrow(/a is none.*; maxConnections must.*; b is none/);
});
