import { makeTrace } from '#kit/stream-record.ts';
import { traceText } from '#scripts/stream/trace-text.ts';

test('a trace is told second by second, and then what happened', () => {
  const lines = traceText(makeTrace()).split('\n');
  expect(lines).toEqual(
    [
      'Stream stream-1, recorded at 2026-01-02T03:04:05.678Z',
      '',
      'SECOND    VIDEO  KEYFRAMES  AUDIO  KBIT/S  LATE MS  GAP MS',
      '03:04:00  1      1          1      42      0        40',
      '03:04:01  0      0          0      0       0        0',
      '03:04:02  1      0          0      8       2510     2550',
      '',
      '2026-01-02T03:04:00.000Z  published      from 192.0.2.1 by FMLE/3.0 (compatible; FMSc/1.0)',
      '2026-01-02T03:04:01.000Z  FFmpeg started  epoch 7',
      '2026-01-02T03:04:02.000Z  warning        No sound arrives',
      '2026-01-02T03:04:05.600Z  publish ended  publisher-lost',
      '2026-01-02T03:04:05.650Z  FFmpeg ended   epoch 7: died',
      '',
      "FFmpeg's last words, epoch 7:",
      '  Error while decoding',
    ].map((line) => line.replace(/(published|warning|publish ended|FFmpeg ended) +/, (_, what) => what.padEnd(16))),
  );
});

test('the lateness of a publisher that has begun to count anew is reckoned anew', () => {
  const tags = {
    receivedAtMs: [1_000, 2_000, 9_000, 10_000],
    timestampMs: [50_000, 51_000, 0, 900],
    bytes: [1, 1, 1, 1],
    kind: ['video', 'audio', 'keyframe', 'audio'] as const,
  };
  const rows = traceText(makeTrace({ tags })).split('\n');
  expect(rows.find((row) => row.startsWith('00:00:10'))).toMatch(/ 100 +1000$/);
  expect(rows.find((row) => row.startsWith('00:00:09'))).toMatch(/ 0 +7000$/);
});

test('a stream of which nothing came lately says so', () => {
  const tags = { receivedAtMs: [], timestampMs: [], bytes: [], kind: [] };
  expect(traceText(makeTrace({ tags }))).toContain('Nothing was received in the last minute.');
});
