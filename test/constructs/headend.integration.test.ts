import { type SynthesizedStage, synthesizeStage } from '#test/support/synthesized-stage.ts';

describe("the platform as one construct of somebody else's app", () => {
  let stage: SynthesizedStage;
  beforeAll(async () => {
    stage = await synthesizeStage({ name: 'live', ladder: '480p' }, 'library');
  });

  test('is all in the one stack that it was made in', () => {
    expect(new Set(stage.resources.map(({ stack }) => stack))).toEqual(new Set(['SomebodyElses']));
  });

  test.each([
    'AWS::CloudFront::Distribution',
    'AWS::CloudFront::VpcOrigin',
    'AWS::ECS::Service',
    'AWS::ApiGatewayV2::Api',
    'AWS::Events::EventBus',
    'AWS::CloudWatch::Dashboard',
  ])('has one %s', (type) => {
    expect(stage.only(type).logicalId).toMatch(/^Live/);
  });

  test('passes the same checks', () => {
    expect(stage.violations).toEqual([]);
    expect(stage.printed).toBe('');
  });

  test('what it says of a stage holds', () => {
    const [container] = stage.only('AWS::ECS::TaskDefinition').properties.ContainerDefinitions;
    const variables = Object.fromEntries(
      container.Environment.map((entry: { Name: string; Value: unknown }) => [entry.Name, entry.Value]),
    );
    expect(variables).toMatchObject({ METRICS_STAGE: 'live', STREAM_SLOTS: '4' });
  });
});
