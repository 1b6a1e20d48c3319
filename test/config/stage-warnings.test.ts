import { resolveStage } from '#config/resolve-stage.ts';
import type { StageConfig } from '#config/stage-config.ts';
import { stageWarnings, synthesisWarnings } from '#config/stage-warnings.ts';

const warningsOf = (config: StageConfig): string[] => stageWarnings(resolveStage(config));

test.each<[string, StageConfig]>([
  ['production', { name: 'prod' }],
  ['a stage that keeps its data', { name: 'live', removalPolicy: 'retain' }],
])('%s should tell somebody about trouble and costs', (_case, config) => {
  expect(warningsOf(config)).toEqual([
    `${config.name} has no alarmEmail: its alarms reach nobody.`,
    `${config.name} has no monthlyBudgetUsd: nobody hears of unexpected costs.`,
  ]);
  expect(warningsOf({ ...config, alarmEmail: 'ops@example.com' })).toHaveLength(1);
  expect(warningsOf({ ...config, alarmEmail: 'ops@example.com', monthlyBudgetUsd: 100 })).toEqual([]);
  expect(synthesisWarnings(resolveStage(config))).toEqual(expect.arrayContaining(warningsOf(config)));
});

test('any other stage need not', () => {
  expect(warningsOf({ name: 'dev' })).toEqual([]);
});

test('a synthesis says that it guesses zones, unless they are named', () => {
  expect(synthesisWarnings(resolveStage({ name: 'dev' }))).toEqual([expect.stringContaining('first 2 zones')]);
  const named: StageConfig = { name: 'dev', region: 'eu-west-1', availabilityZones: ['eu-west-1a', 'eu-west-1b'] };
  expect(synthesisWarnings(resolveStage(named))).toEqual([]);
});
