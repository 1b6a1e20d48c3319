import { resolveStage } from '#config/resolve-stage.ts';
import { stageResources } from '#scripts/plan/stage-resources.ts';
import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import { type Json, type SynthesizedStage, synthesizeStage } from '#test/support/synthesized-stage.ts';

describe.each(TESTED_STAGES)('what the planner counts on stage $name is what its templates have', (config) => {
  const planned = stageResources(resolveStage(config));
  let stage: SynthesizedStage;
  beforeAll(async () => {
    stage = await synthesizeStage(config);
  });
  const count = (type: string): number => stage.ofType(type).length;

  test('NAT gateways and addresses', () => {
    expect(planned.natGateways).toBe(count('AWS::EC2::NatGateway'));
    const [balancer, ...others] = stage
      .ofType('AWS::ElasticLoadBalancingV2::LoadBalancer')
      .filter(({ properties }) => properties.Scheme === 'internet-facing');
    expect(others).toEqual([]);
    expect(balancer?.properties.Type).toBe('network');
    expect(planned.zones).toBe(balancer?.properties.Subnets.length);
    expect(planned.fixedAddresses).toBe(balancer?.properties.Subnets.length + count('AWS::EC2::EIP'));
    const { AssignPublicIp } = stage.only('AWS::ECS::Service').properties.NetworkConfiguration.AwsvpcConfiguration;
    expect(planned.hasTaskAddresses).toBe(AssignPublicIp === 'ENABLED');
  });

  test('load balancers: one of each kind', () => {
    const kinds = stage.ofType('AWS::ElasticLoadBalancingV2::LoadBalancer').map(({ properties }) => properties.Type);
    expect(kinds.toSorted()).toEqual(['application', 'network']);
  });

  test('metrics that alarms watch', () => {
    const watched = stage.ofType('AWS::CloudWatch::Alarm').map(({ properties }) => {
      const { Metrics = [{ MetricStat: {} }] } = properties;
      return Metrics.filter((metric: Json) => metric.MetricStat !== undefined).length;
    });
    expect(planned.alarmMetrics).toBe(watched.reduce((sum, metrics) => sum + metrics, 0));
  });

  test("metrics of Headend's own, besides the encoder's", () => {
    const { customMetrics } = stageResources(resolveStage({ name: 'plain' }));
    expect(planned.customMetrics - customMetrics).toBe(count('AWS::Logs::MetricFilter'));
  });

  test("CloudFront's additional metrics, which every stage pays", () => {
    const subscription = stage.only('AWS::CloudFront::MonitoringSubscription').properties.MonitoringSubscription;
    expect(subscription.RealtimeMetricsSubscriptionConfig.RealtimeMetricsSubscriptionStatus).toBe('Enabled');
  });

  test('dashboards, secrets and the firewall', () => {
    expect(planned.dashboards).toBe(count('AWS::CloudWatch::Dashboard'));
    expect(planned.secrets).toBe(count('AWS::SecretsManager::Secret'));
    const webAcls = stage.ofType('AWS::WAFv2::WebACL');
    expect(planned.webAcls).toBe(webAcls.length);
    expect(planned.firewallRules).toBe(webAcls.flatMap(({ properties }) => properties.Rules).length);
  });

  test('scaling: one policy of target tracking on an expression of two metrics', () => {
    const { TargetTrackingScalingPolicyConfiguration: policy } = stage.only(
      'AWS::ApplicationAutoScaling::ScalingPolicy',
    ).properties;
    const { Metrics } = policy.CustomizedMetricSpecification;
    expect(Metrics.filter((metric: Json) => metric.MetricStat !== undefined)).toHaveLength(2);
  });

  test('nothing else that costs by the hour', () => {
    const others = stage.resources.filter(({ type, properties }) =>
      type === 'AWS::EC2::VPCEndpoint'
        ? properties.VpcEndpointType === 'Interface'
        : [
            'AWS::KMS::Key',
            'AWS::EC2::TransitGateway',
            'AWS::RDS::DBInstance',
            'AWS::ElastiCache::CacheCluster',
          ].includes(type),
    );
    expect(others).toEqual([]);
  });
});
