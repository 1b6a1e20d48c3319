import { choiceContext, type DeploymentChoices, readChoices, resolveChosenStage } from '#config/deployment-choices.ts';
import type { StageConfig } from '#config/stage-config.ts';

const AVAILABILITY_ZONES = ['us-east-1b', 'us-east-1d'];
const NONE = { availabilityZones: null, cpuArchitecture: null };

/** What the app reads from the context that `-c` makes of choices. */
const asRead = (choices: Parameters<typeof choiceContext>[0]) => {
  const context = new Map(choiceContext(choices).map((value) => value.split('=') as [string, string]));
  return readChoices((key) => context.get(key));
};

test.each<DeploymentChoices>([{ availabilityZones: AVAILABILITY_ZONES, cpuArchitecture: 'x86_64' }, NONE])(
  'the app reads the choices %j from its context',
  (choices) => {
    expect(asRead(choices)).toEqual(choices);
  },
);

test('chosen zones take the place of a number, even without a region, but not of names', () => {
  const choices = { ...NONE, availabilityZones: AVAILABILITY_ZONES };
  expect(resolveChosenStage({ name: 'dev' }, choices).availabilityZones).toEqual(AVAILABILITY_ZONES);
  expect(resolveChosenStage({ name: 'dev' }, NONE).availabilityZones).toBe(2);
  const own = ['eu-west-1a', 'eu-west-1b'];
  const named = { name: 'dev', region: 'eu-west-1', availabilityZones: own };
  expect(resolveChosenStage(named, choices).availabilityZones).toEqual(own);
});

test('a chosen architecture is used if the stage names none, and everything is checked with it', () => {
  const choices = { ...NONE, cpuArchitecture: 'x86_64' } as const;
  expect(resolveChosenStage({ name: 'dev' }, choices).cpuArchitecture).toBe('x86_64');
  expect(resolveChosenStage({ name: 'dev' }, NONE).cpuArchitecture).toBe('arm64');
  expect(resolveChosenStage({ name: 'dev', cpuArchitecture: 'arm64' }, choices).cpuArchitecture).toBe('arm64');
  // A 1080p broadcast fits into the room of two vCPUs of x86, but not of Graviton.
  const full: StageConfig = { name: 'dev', ladder: '1080p' };
  expect(resolveChosenStage(full, choices)).toMatchObject({ ladder: '1080p' });
  expect(() => resolveChosenStage(full, NONE)).toThrow("can't encode a single 1080p");
});
