import { resolveStage } from '#config/resolve-stage.ts';
import { ENCODER_METRICS, METRICS_NAMESPACE } from '#domain/metrics.ts';
import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import { type Json, type SynthesizedStage, synthesizeStage } from '#test/support/synthesized-stage.ts';

describe.each(TESTED_STAGES)('encoder tasks of stage $name', (config) => {
  const resolved = resolveStage(config);
  let stage: SynthesizedStage;
  let container: Json;
  beforeAll(async () => {
    stage = await synthesizeStage(config);
    [container] = stage.only('AWS::ECS::TaskDefinition').properties.ContainerDefinitions;
  });

  test('a task is an ARM64 Fargate task of the configured size', () => {
    expect(stage.only('AWS::ECS::TaskDefinition').properties).toMatchObject({
      Cpu: String(resolved.task.vCpus * 1024),
      Memory: String(resolved.task.memoryGib * 1024),
      RequiresCompatibilities: ['FARGATE'],
      RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
    });
  });

  test('its container is not root, has a read-only file system, and has two minutes to stop', () => {
    expect(container).toMatchObject({
      User: expect.stringMatching(/^[1-9]\d*$/),
      ReadonlyRootFilesystem: true,
      StopTimeout: 120,
      LogConfiguration: { Options: { mode: 'non-blocking' } },
    });
    expect(container.HealthCheck).toBeUndefined();
    expect(container.MountPoints ?? []).toHaveLength(resolved.ecsExec ? 3 : 0);
  });

  test('a deployment starts new tasks first and rolls back, and nothing moves tasks between zones', () => {
    expect(stage.only('AWS::ECS::Service').properties).toMatchObject({
      DeploymentConfiguration: {
        MinimumHealthyPercent: 100,
        MaximumPercent: 200,
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      },
      AvailabilityZoneRebalancing: 'DISABLED',
      EnableExecuteCommand: resolved.ecsExec,
    });
    expect(stage.only('AWS::ECS::Service').properties.DesiredCount).toBeUndefined();
    expect(stage.only('AWS::ECS::Service').properties.LoadBalancers).toHaveLength(2);
  });

  test('the service scales by stream slots: out fast, in slowly', () => {
    const { TargetTrackingScalingPolicyConfiguration: policy } = stage.only(
      'AWS::ApplicationAutoScaling::ScalingPolicy',
    ).properties;
    expect(policy).toMatchObject({
      TargetValue: 70,
      CustomizedMetricSpecification: {
        Namespace: METRICS_NAMESPACE,
        MetricName: 'StreamSlotsUsedPercent',
        Dimensions: [{ Name: 'Stage', Value: config.name }],
        Statistic: 'Average',
      },
    });
    expect(policy.ScaleInCooldown).toBeGreaterThanOrEqual(10 * policy.ScaleOutCooldown);
  });

  test('the number of tasks stays within the limits of the stage and its scheduled minimums', () => {
    const {
      MinCapacity,
      MaxCapacity,
      ScheduledActions = [],
    } = stage.only('AWS::ApplicationAutoScaling::ScalableTarget').properties;
    expect({ MinCapacity, MaxCapacity }).toEqual({ MinCapacity: resolved.minTasks, MaxCapacity: resolved.maxTasks });
    expect(
      ScheduledActions.map(({ Schedule, Timezone, ScalableTargetAction }: Json) => ({
        schedule: Schedule,
        timeZone: Timezone,
        minTasks: ScalableTargetAction.MinCapacity,
      })),
    ).toEqual(resolved.scheduledMinimums);
  });

  test('dashboard, alarms and scaling only use metrics that encoder tasks report', () => {
    const text = JSON.stringify(stage.resources.map(({ properties }) => properties));
    const used = [...text.matchAll(/\\"Headend\\",\\"(\w+)\\"|"MetricName":"(\w+)","Namespace":"Headend"/g)].map(
      ([, inDashboard, inAlarm]) => inDashboard ?? inAlarm,
    );
    expect(used.length).toBeGreaterThan(5);
    const known: readonly string[] = ENCODER_METRICS.map(({ name }) => name);
    expect(used.filter((name) => !known.includes(name ?? ''))).toEqual([]);
  });
});
