import { PROCESS_ENVIRONMENTS, type ProcessName } from '#domain/environment.ts';
import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import { type Json, type SynthesizedStage, synthesizeStage } from '#test/support/synthesized-stage.ts';

const variablesOf = (...processes: ProcessName[]): string[] =>
  processes.flatMap((name) => [...PROCESS_ENVIRONMENTS[name]]).toSorted();

describe.each(TESTED_STAGES)('environment variables of stage $name', (config) => {
  let stage: SynthesizedStage;
  beforeAll(async () => {
    stage = await synthesizeStage(config);
  });

  const functionVariables = (description: string): Record<string, unknown> => {
    const found = stage
      .ofType('AWS::Lambda::Function')
      .find(({ properties }) => properties.Description === description);
    return found?.properties.Environment.Variables ?? {};
  };
  const encoderVariables = (): Record<string, unknown> => {
    const [container] = stage.only('AWS::ECS::TaskDefinition').properties.ContainerDefinitions;
    return Object.fromEntries(container.Environment.map(({ Name, Value }: Json) => [Name, Value]));
  };

  test('the encoder gets exactly the variables that it reads', () => {
    expect(Object.keys(encoderVariables()).toSorted()).toEqual(
      variablesOf('encoder', 'encoder with an event bus', 'encoder with metrics'),
    );
  });

  test('ingest-auth gets exactly the variables that it reads in its mode', () => {
    const mode: ProcessName[] =
      config.publishMode === 'webhook'
        ? ['ingest-auth in webhook mode', 'ingest-auth with a stored secret']
        : ['ingest-auth in keys mode'];
    expect(Object.keys(functionVariables('Headend: decides who may publish')).toSorted()).toEqual(
      variablesOf('ingest-auth', ...mode),
    );
  });

  test('the control API gets exactly the variables that it reads', () => {
    const mode: ProcessName[] = [
      'control-api with stored viewer token keys',
      ...(config.ingestDomain === undefined ? [] : (['control-api with RTMPS'] as const)),
    ];
    expect(Object.keys(functionVariables('Headend: control API')).toSorted()).toEqual(
      variablesOf('control-api', ...mode),
    );
  });

  test('no variable is empty, and none contains a secret', () => {
    const values = [
      encoderVariables(),
      functionVariables('Headend: decides who may publish'),
      functionVariables('Headend: control API'),
    ].flatMap((variables) => Object.values(variables));
    expect(values).not.toContain('');
    expect(JSON.stringify(values)).not.toMatch(/resolve:secretsmanager|SecretString/);
  });

  test('functions run on the newest Node.js, on ARM', () => {
    const own = stage
      .ofType('AWS::Lambda::Function')
      .filter(({ properties }) => String(properties.Description).startsWith('Headend'));
    expect(own.map(({ properties }) => [properties.Runtime, properties.Architectures])).toEqual([
      ['nodejs24.x', ['arm64']],
      ['nodejs24.x', ['arm64']],
    ]);
  });
});
