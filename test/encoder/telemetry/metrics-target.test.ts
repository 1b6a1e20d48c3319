import { parseMetricsTarget } from '#encoder/telemetry/metrics-target.ts';

const parse = (namespace: string, stage: string) =>
  parseMetricsTarget({ METRICS_NAMESPACE: namespace, METRICS_STAGE: stage });

test.each([
  ['Headend', 'prod'],
  ['Our-Team/Headend_2', 'dev: Anna'],
])('%s of %s', (namespace, stage) => {
  expect(parse(namespace, stage)).toEqual({ namespace, stage });
});

test.each(['AWS/Headend', ':Headend', 'Head end', 'Häuptling', 'x'.repeat(256)])('no namespace: %s', (namespace) => {
  expect(() => parse(namespace, 'prod')).toThrow(`not "${namespace}"`);
});

test.each([' ', ' prod', 'prod\n', 'größe', 'x'.repeat(256)])('no stage: %j', (stage) => {
  expect(() => parse('Headend', stage)).toThrow(`not "${stage}"`);
});

test('all problems are in one error', () => {
  expect(() => parse('AWS/Headend', ' prod')).toThrow(/METRICS_NAMESPACE.*METRICS_STAGE/);
});
