import { type SynthesizedStage, synthesizeStage } from '#test/support/synthesized-stage.ts';

describe('the platform as one construct of another app', () => {
  let stage: SynthesizedStage;
  beforeAll(async () => {
    stage = await synthesizeStage({ name: 'live', ladder: '480p', capacityVCpus: 1.5 }, 'library');
  });

  test('all its resources are in the stack that contains it', () => {
    expect(new Set(stage.resources.map(({ stack }) => stack))).toEqual(new Set(['SomebodyElses']));
  });

  test.each([
    'AWS::CloudFront::Distribution',
    'AWS::CloudFront::VpcOrigin',
    'AWS::ECS::Service',
    'AWS::ApiGatewayV2::Api',
    'AWS::Events::EventBus',
    'AWS::CloudWatch::Dashboard',
  ])('it has one %s', (type) => {
    expect(stage.only(type).logicalId).toMatch(/^Live/);
  });

  test('it passes the same checks', () => {
    expect(stage.violations).toEqual([]);
    expect(stage.printed).toBe('');
  });

  test('it applies the configuration in its props', () => {
    const [container] = stage.only('AWS::ECS::TaskDefinition').properties.ContainerDefinitions;
    const variables = Object.fromEntries(
      container.Environment.map((entry: { Name: string; Value: unknown }) => [entry.Name, entry.Value]),
    );
    expect(variables).toMatchObject({ METRICS_STAGE: 'live', CAPACITY_VCPUS: '1.5' });
  });
});
