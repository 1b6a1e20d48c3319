import { ENCODER_METRICS, METRICS_DIMENSION, METRICS_INTERVAL_SECONDS } from '#domain/metrics.ts';

const names = ENCODER_METRICS.map(({ name }) => name);

test.each(ENCODER_METRICS)('$name is named like metrics of CloudWatch', ({ name }) => {
  expect(name).toMatch(/^([A-Z][a-z]+)+$/);
});

test('no metric shares its name with another metric or with the dimension', () => {
  expect(new Set([...names, METRICS_DIMENSION]).size).toBe(names.length + 1);
});

test('a minute, which is the resolution of CloudWatch, has a whole number of reports', () => {
  expect(60 % METRICS_INTERVAL_SECONDS).toBe(0);
});
