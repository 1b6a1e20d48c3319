import { formatResultTables } from '#scripts/bench/result-tables.ts';

test('prints one table per measurement with the targets, and failures below it', () => {
  const text = formatResultTables([
    {
      name: 'latency/a',
      figures: { p50Ms: 1234.56, stallSeconds: 0.5672, parts: 7 },
      targets: {
        p50Ms: { required: '<= 1000', measured: 1234.56, holds: false },
        stallSeconds: { required: '< 1', measured: 0.5672, holds: true },
      },
      error: null,
    },
    { name: 'latency/b', figures: { p50Ms: null }, targets: {}, error: null },
    { name: 'latency/c', figures: {}, targets: {}, error: 'no publish' },
    { name: 'memory', figures: { note: 'x', megabytes: 0 }, targets: {}, error: null },
  ]);
  expect(text).toBe(
    [
      '              latency/a          target  latency/b',
      'p50Ms              1235  <= 1000 MISSED          -',
      'stallSeconds      0.567        < 1 held          -',
      'parts                 7                          -',
      '',
      'latency/c failed: no publish',
      '',
      '           memory',
      'note            x',
      'megabytes       0',
    ].join('\n'),
  );
});
