import { readEncoderEnvironment } from '#encoder/encoder-environment.ts';
import { readControlApiEnvironment } from '#functions/control-api/control-api-environment.ts';
import { readIngestAuthEnvironment } from '#functions/ingest-auth/ingest-auth-environment.ts';
import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import { type Json, type SynthesizedStage, synthesizeStage } from '#test/support/synthesized-stage.ts';

/** Values as the process will see them. What CloudFormation fills in becomes some text. */
const resolve = (variables: Json): Record<string, string> =>
  Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, typeof value === 'string' ? value : `the ${name}`]),
  );

/** The variables that change nothing if they are left out. */
function unreadVariables(variables: Record<string, string>, read: (source: NodeJS.ProcessEnv) => unknown): string[] {
  const complete = JSON.stringify(read(variables));
  return Object.keys(variables).filter((name) => {
    try {
      return JSON.stringify(read({ ...variables, [name]: undefined })) === complete;
    } catch {
      return false;
    }
  });
}

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

  test('the encoder gets what it reads, and nothing that it does not', () => {
    const variables = resolve(encoderVariables());
    expect(readEncoderEnvironment(variables)).toMatchObject({
      EVENT_BUS_NAME: expect.any(String),
      metricsTarget: { stage: config.name },
    });
    expect(unreadVariables(variables, readEncoderEnvironment)).toEqual([]);
  });

  test('ingest-auth gets what it reads in its mode, and nothing that it does not', () => {
    const variables = resolve(functionVariables('Headend: decides who may publish'));
    const { publishMode = 'keys' } = config;
    expect(readIngestAuthEnvironment(variables)).toMatchObject({
      PUBLISH_MODE: publishMode,
      ...(publishMode === 'webhook' && { webhookSecret: { arn: expect.any(String) } }),
    });
    expect(unreadVariables(variables, readIngestAuthEnvironment)).toEqual([]);
  });

  test('the control API gets what it reads, and nothing that it does not', () => {
    const variables = resolve(functionVariables('Headend: control API'));
    expect(readControlApiEnvironment(variables)).toMatchObject({
      RTMPS_URL: config.ingestDomain === undefined ? null : expect.any(String),
      viewerTokenKeys: { arn: expect.any(String) },
    });
    expect(unreadVariables(variables, readControlApiEnvironment)).toEqual([]);
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
