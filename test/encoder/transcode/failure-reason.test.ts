import { failureReason } from '#encoder/transcode/failure-reason.ts';

test.each([
  ['[h264 @ 0x55d] no frame!', 'picture'],
  ['Error while decoding stream #0:0: Invalid data found when processing input', 'picture'],
  ['[aac @ 0x55d] channel element 2.11 is not allocated', 'audio'],
  ['Decoder (codec hevc) not found for input stream #0:0', 'codec'],
  ['ffmpeg could not be started: spawn ffmpeg ENOENT', 'server'],
  ['x264 [error]: malloc of size 33554432 failed: Cannot allocate memory', 'memory'],
])('%s', (line, word) => {
  expect(failureReason(['Input #0, flv', line, 'Conversion failed!'])).toContain(word);
});

test.each([[[]], [['']], [['Conversion failed!']]])('%p also gives a reason', (lines) => {
  expect(failureReason(lines)).toBe('The source cannot be transcoded. Send H.264 video and AAC audio.');
});

test('the newest known line decides', () => {
  expect(failureReason(['[h264 @ 1] no frame!', '[aac @ 2] invalid band type'])).toContain('audio');
});
