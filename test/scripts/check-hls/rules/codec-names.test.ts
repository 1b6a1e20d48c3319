import { comparableCodecs } from '#scripts/check-hls/rules/codec-names.ts';

test.each([
  ['hex digits have no case', 'avc1.64001F', 'avc1.64001f'],
  ['AV1 with its colours', 'av01.0.04M.08.0.110.01.01.01.0', 'av01.0.04M.08'],
  ['HEVC with all its constraints', 'hvc1.1.6.L93.B0.0.0.0.0.0', 'hvc1.1.6.L93.B0'],
  ['AAC with two digits', 'mp4a.40.02', 'mp4a.40.2'],
  ['Opus by the name of its sample entry', 'Opus', 'opus'],
  ['VP9, of which init sections are not read further', 'vp09.00.10.08', 'vp09'],
])('%s', (_, declared, found) => {
  expect(comparableCodecs([declared])).toEqual(comparableCodecs([found]));
});

test.each([
  ['avc1.64001f', 'avc1.640020'],
  ['avc1.64001f', 'avc3.64001f'],
  ['av01.0.04M.08', 'av01.0.05M.08'],
  ['hvc1.1.6.L93.B0', 'hvc1.1.6.L120.B0'],
  ['mp4a.40.2', 'mp4a.40.5'],
  ['ac-3', 'ec-3'],
])('%s is not %s', (a, b) => {
  expect(comparableCodecs([a])).not.toEqual(comparableCodecs([b]));
});

test('formats of text are left out, and each other one is there once', () => {
  const codecs = comparableCodecs(['mp4a.40.2', ' avc1.64001f', 'wvtt', 'stpp.ttml.im1t', 'mp4a.40.2']);
  expect(codecs).toEqual(['avc1.64001f', 'mp4a.40.2']);
});
