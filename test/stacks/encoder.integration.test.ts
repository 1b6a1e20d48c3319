import { resolveStage } from '#config/resolve-stage.ts';
import { publishVCpus } from '#domain/encoder-capacity.ts';
import { fleetDemand } from '#domain/fleet-demand.ts';
import { LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import { ENCODER_METRICS, METRICS_NAMESPACE } from '#domain/metrics.ts';
import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import {
  clusterSecretOf,
  edgeSecretOf,
  type Json,
  type SynthesizedStage,
  synthesizeStage,
} from '#test/support/synthesized-stage.ts';

describe.each(TESTED_STAGES)('encoder tasks of stage $name', (config) => {
  const resolved = resolveStage(config);
  let stage: SynthesizedStage;
  let container: Json;
  beforeAll(async () => {
    stage = await synthesizeStage(config);
    [container] = stage.only('AWS::ECS::TaskDefinition').properties.ContainerDefinitions;
  });

  const isArm = resolved.cpuArchitecture === 'arm64';

  test('a task is a Fargate task of the configured size and architecture', () => {
    expect(stage.only('AWS::ECS::TaskDefinition').properties).toMatchObject({
      Cpu: String(resolved.task.vCpus * 1024),
      Memory: String(resolved.task.memoryGib * 1024),
      RequiresCompatibilities: ['FARGATE'],
      RuntimePlatform: { CpuArchitecture: isArm ? 'ARM64' : 'X86_64', OperatingSystemFamily: 'LINUX' },
    });
    expect(stage.imagePlatforms).toEqual([isArm ? 'linux/arm64' : 'linux/amd64']);
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

  test('the encoder ends by itself before ECS would kill it, and keeps its broadcasts as long as the stage says', () => {
    const { STOP_TIMEOUT_SECONDS, DRAIN_MINUTES } = variablesOf(container);
    expect(Number(STOP_TIMEOUT_SECONDS)).toBeLessThanOrEqual(container.StopTimeout - 5);
    expect(Number(STOP_TIMEOUT_SECONDS)).toBeGreaterThanOrEqual(100);
    expect(DRAIN_MINUTES).toBe(String(config.drainMinutes ?? 60));
  });

  test('before a task is told to stop, no load balancer sends it anything new, and blocking requests are answered', () => {
    const longestSegment = Math.max(...Object.values(LATENCY_PROFILES).map(({ segmentSeconds }) => segmentSeconds));
    expect(deregistrationSeconds(stage, 'HTTP')).toBeGreaterThanOrEqual(3 * longestSegment);
    expect(deregistrationSeconds(stage, 'TCP')).toBeGreaterThanOrEqual(60);
    // ECS waits for the longer of both, and CloudFormation waits for ECS.
    expect(deregistrationSeconds(stage, 'TCP')).toBeLessThanOrEqual(120);
  });

  test.each([
    ['CLUSTER_SECRET', clusterSecretOf],
    ['EDGE_SECRET', edgeSecretOf],
  ])('%s has 64 random characters, and the encoder gets its ARN', (variable, secretOf) => {
    const secret = secretOf(stage);
    expect(secret.properties.GenerateSecretString).toEqual({ PasswordLength: 64, ExcludePunctuation: true });
    expect(secret.attributes.DeletionPolicy).toBe('Delete');
    expect(variablesOf(container)[`${variable}_ARN`]).toEqual({ Ref: secret.logicalId });
    expect(Object.keys(variablesOf(container))).not.toContain(variable);
  });

  test('a deployment starts new tasks first and rolls back, and nothing moves tasks between zones', () => {
    expect(stage.only('AWS::ECS::Service').properties).toMatchObject({
      DeploymentConfiguration: {
        MinimumHealthyPercent: 100,
        MaximumPercent: 300,
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      },
      AvailabilityZoneRebalancing: 'DISABLED',
      EnableExecuteCommand: resolved.ecsExec,
    });
    expect(stage.only('AWS::ECS::Service').properties.DesiredCount).toBeUndefined();
    expect(stage.only('AWS::ECS::Service').properties.LoadBalancers).toHaveLength(2);
  });

  test('the service scales by demand for room: out fast, in slowly', () => {
    const { TargetTrackingScalingPolicyConfiguration: policy } = stage.only(
      'AWS::ApplicationAutoScaling::ScalingPolicy',
    ).properties;
    const { ladder, capacityVCpus } = resolved;
    const one = publishVCpus({ ladder, architecture: isArm ? 'arm64' : 'x64' });
    const { targetPercent } = fleetDemand({ capacityVCpus, publishVCpus: one });
    expect(policy.TargetValue).toBe(targetPercent);
    const [demand, room, taken] = policy.CustomizedMetricSpecification.Metrics;
    for (const [query, MetricName] of [
      [demand, 'RoomDemandVcpus'],
      [room, 'RoomVcpus'],
    ]) {
      const Dimensions = [{ Name: 'Stage', Value: config.name }];
      expect(query.MetricStat).toEqual({
        Metric: { Namespace: METRICS_NAMESPACE, MetricName, Dimensions },
        Stat: 'Sum',
      });
      expect(query.ReturnData).toBe(false);
    }
    // A task reports four times a minute.
    const reserve = Number((4 * one).toFixed(3));
    expect(taken).toMatchObject({
      Expression: `IF(${demand.Id} > 0, 100 * (${demand.Id} + ${reserve}) / ${room.Id}, 0)`,
      ReturnData: true,
    });
    expect(policy.ScaleInCooldown).toBeGreaterThanOrEqual(10 * policy.ScaleOutCooldown);
  });

  test("a task has the stage's tag", () => {
    expect(stage.only('AWS::ECS::Service').properties).toMatchObject({
      PropagateTags: 'SERVICE',
      Tags: expect.arrayContaining([{ Key: 'headend:stage', Value: config.name }]),
    });
  });

  test('its room is the one that the stage was checked with', () => {
    const variables = Object.fromEntries(container.Environment.map(({ Name, Value }: Json) => [Name, Value]));
    expect(variables.CAPACITY_VCPUS).toBe(String(resolved.capacityVCpus));
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

const variablesOf = (container: Json): Json =>
  Object.fromEntries(container.Environment.map(({ Name, Value }: Json) => [Name, Value]));

/** The deregistration delay of the only target group of a protocol. */
function deregistrationSeconds(stage: SynthesizedStage, protocol: string): number {
  const group = stage
    .ofType('AWS::ElasticLoadBalancingV2::TargetGroup')
    .find(({ properties }) => properties.Protocol === protocol);
  const delay = group?.properties.TargetGroupAttributes.find(
    ({ Key }: Json) => Key === 'deregistration_delay.timeout_seconds',
  );
  return Number(delay?.Value);
}
