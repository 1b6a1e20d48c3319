import type { StageConfig } from '#config/stage-config.ts';
import { BOTH_PROTOCOLS, TESTED_STAGES } from '#test/support/stage-configs.ts';
import {
  type Json,
  type SynthesizedStage,
  synthesizeStage,
  type TemplateResource,
} from '#test/support/synthesized-stage.ts';

/** One ingress rule. Its ends are logical ids of security groups, or an address range. */
interface Ingress {
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly source: string;
}

/** The ports that broadcasters connect to. */
const portsOf = ({ plainRtmp = true, ingestDomain }: StageConfig): number[] => [
  ...(plainRtmp ? [1935] : []),
  ...(ingestDomain === undefined ? [] : [443]),
];

describe.each([...TESTED_STAGES, BOTH_PROTOCOLS])('the way of broadcasters into stage $name', (config) => {
  let stage: SynthesizedStage;
  beforeAll(async () => {
    stage = await synthesizeStage(config);
  });

  test('the load balancer listens where the stage says, and leads to RTMP in the tasks', () => {
    const listeners = stage
      .ofType('AWS::ElasticLoadBalancingV2::Listener')
      .filter(({ properties }) => properties.Protocol !== 'HTTP');
    expect(listeners.map(({ properties }) => [properties.Port, properties.Protocol])).toEqual(
      portsOf(config).map((port) => [port, port === 443 ? 'TLS' : 'TCP']),
    );
    const targets = listeners.map(({ properties }) => properties.DefaultActions[0].TargetGroupArn);
    expect(new Set(targets.map((target) => JSON.stringify(target))).size).toBe(1);
  });

  test('outputs and API name the protocols that there are', () => {
    const addresses = { RtmpUrl: portsOf(config).includes(1935), RtmpsUrl: portsOf(config).includes(443) };
    for (const [name, isThere] of Object.entries(addresses))
      expect([name, name in stage.outputs]).toEqual([name, isThere]);
    const [controlApi] = stage
      .ofType('AWS::Lambda::Function')
      .filter(({ properties }) => properties.Description === 'Headend: control API');
    const { RTMP_URL, RTMPS_URL } = controlApi?.properties.Environment.Variables ?? {};
    expect([RTMP_URL !== undefined, RTMPS_URL !== undefined]).toEqual(Object.values(addresses));
  });
});

describe.each(TESTED_STAGES)('network of stage $name', (config) => {
  let stage: SynthesizedStage;
  let ingress: readonly Ingress[];
  beforeAll(async () => {
    stage = await synthesizeStage(config);
    ingress = readIngress(stage);
  });

  const groupOf = (description: string): string =>
    stage.ofType('AWS::EC2::SecurityGroup').find(({ properties }) => properties.GroupDescription === description)
      ?.logicalId ?? 'missing';
  const into = (group: string): readonly Ingress[] => ingress.filter(({ to }) => to === group);

  test('in a task, only the ingest load balancer reaches RTMP, only the origin load balancer HTTP, only tasks the rest', () => {
    expect(new Set(into(groupOf('Headend: encoder tasks')))).toEqual(
      new Set([
        {
          to: groupOf('Headend: encoder tasks'),
          fromPort: 1935,
          toPort: 1935,
          source: groupOf('Headend: who may publish'),
        },
        {
          to: groupOf('Headend: encoder tasks'),
          fromPort: 8080,
          toPort: 8080,
          source: groupOf('Headend: the origin, for CloudFront alone'),
        },
        {
          to: groupOf('Headend: encoder tasks'),
          fromPort: 8081,
          toPort: 8081,
          source: groupOf('Headend: encoder tasks'),
        },
      ]),
    );
  });

  test('only CloudFront reaches the origin load balancer', () => {
    const [rule, ...others] = into(groupOf('Headend: the origin, for CloudFront alone'));
    expect(others).toEqual([]);
    expect(rule).toMatchObject({ fromPort: 80, toPort: 80 });
    const lookUp = stage.only('Custom::VpcOriginSecurityGroup');
    expect(rule?.source).toBe(`${lookUp.logicalId}.SecurityGroups.0.GroupId`);
    expect(JSON.stringify(lookUp.properties)).toContain('CloudFront-VPCOrigins-Service-SG');
    // CloudFront creates the group with the VPC origin, so an earlier look-up would not find it.
    expect(lookUp.attributes.DependsOn).toContain(stage.only('AWS::CloudFront::VpcOrigin').logicalId);
  });

  test('broadcasters reach only RTMP and RTMPS, and only from the allowed ranges', () => {
    const rules = into(groupOf('Headend: who may publish'));
    expect(new Set(rules.map(({ source }) => source))).toEqual(new Set(config.ingestAllowList ?? ['0.0.0.0/0']));
    const ports = portsOf(config);
    expect(new Set(rules.map(({ fromPort }) => fromPort))).toEqual(new Set(ports));
  });

  test('the load balancer for RTMP is on the internet; the other is internal', () => {
    const schemes = stage
      .ofType('AWS::ElasticLoadBalancingV2::LoadBalancer')
      .map(({ properties }) => [properties.Type, properties.Scheme]);
    expect(Object.fromEntries(schemes)).toEqual({ network: 'internet-facing', application: 'internal' });
  });

  test("no failed health check disconnects a publisher, and the guard sees the broadcaster's own address", () => {
    const rtmp = stage
      .ofType('AWS::ElasticLoadBalancingV2::TargetGroup')
      .find(({ properties }) => properties.Protocol === 'TCP');
    const attributes = Object.fromEntries(
      (rtmp?.properties.TargetGroupAttributes ?? []).map(({ Key, Value }: Json) => [Key, Value]),
    );
    expect(attributes).toMatchObject({
      'preserve_client_ip.enabled': 'true',
      'deregistration_delay.connection_termination.enabled': 'false',
      'target_health_state.unhealthy.connection_termination.enabled': 'false',
    });
  });

  test('tasks have either NAT or a public address, and a subnet in each zone', () => {
    const nats = stage.ofType('AWS::EC2::NatGateway').length;
    const { AwsvpcConfiguration } = stage.only('AWS::ECS::Service').properties.NetworkConfiguration;
    const zones = AwsvpcConfiguration.Subnets.length;
    expect(nats).toBe(config.egress === 'nat' ? zones : 0);
    expect(AwsvpcConfiguration.AssignPublicIp).toBe(config.egress === 'nat' ? 'DISABLED' : 'ENABLED');
    expect(zones).toBe(stage.ofType('AWS::EC2::Subnet').length / 3);
  });

  test('tasks reach S3 and DynamoDB without NAT', () => {
    const services = stage
      .ofType('AWS::EC2::VPCEndpoint')
      .map(({ properties }) => JSON.stringify(properties.ServiceName));
    expect(services).toEqual([expect.stringContaining('.s3'), expect.stringContaining('.dynamodb')]);
  });
});

/** All ingress rules: those inside security groups, and those that are resources of their own. */
function readIngress(stage: SynthesizedStage): Ingress[] {
  const inside = stage
    .ofType('AWS::EC2::SecurityGroup')
    .flatMap(({ logicalId, properties }) =>
      (properties.SecurityGroupIngress ?? []).map((rule: Json) => toIngress(logicalId, rule)),
    );
  const beside = stage
    .ofType('AWS::EC2::SecurityGroupIngress')
    .map(({ properties }: TemplateResource) => toIngress(idOf(properties.GroupId), properties));
  return [...inside, ...beside];
}

const toIngress = (to: string, rule: Json): Ingress => ({
  to,
  fromPort: rule.FromPort,
  toPort: rule.ToPort,
  source: rule.CidrIp ?? idOf(rule.SourceSecurityGroupId),
});

/** The logical id in a reference, with the attribute's name unless it is a group's id. */
function idOf(reference: Json): string {
  const [id, attribute] = reference['Fn::GetAtt'] ?? [reference.Ref];
  return attribute === undefined || attribute === 'GroupId' ? id : `${id}.${attribute}`;
}
