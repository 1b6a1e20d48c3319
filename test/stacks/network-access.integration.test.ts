import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import {
  type Json,
  type SynthesizedStage,
  synthesizeStage,
  type TemplateResource,
} from '#test/support/synthesized-stage.ts';

/** Who may connect where, by the logical ids of security groups or address ranges. */
interface Ingress {
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly source: string;
}

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

  test('only the ingest balancer reaches RTMP in a task, only the origin balancer its HTTP port, and nothing else anything', () => {
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
      ]),
    );
  });

  test('only CloudFront reaches the origin balancer', () => {
    const [rule, ...others] = into(groupOf('Headend: the origin, for CloudFront alone'));
    expect(others).toEqual([]);
    expect(rule).toMatchObject({ fromPort: 80, toPort: 80 });
    const lookUp = stage.only('Custom::VpcOriginSecurityGroup');
    expect(rule?.source).toBe(`${lookUp.logicalId}.SecurityGroups.0.GroupId`);
    expect(JSON.stringify(lookUp.properties)).toContain('CloudFront-VPCOrigins-Service-SG');
    // CloudFront makes the group with the VPC origin: looked up any earlier it would not be there.
    expect(lookUp.attributes.DependsOn).toContain(stage.only('AWS::CloudFront::VpcOrigin').logicalId);
  });

  test('broadcasters come from where the stage lets them, to RTMP and RTMPS alone', () => {
    const rules = into(groupOf('Headend: who may publish'));
    expect(new Set(rules.map(({ source }) => source))).toEqual(new Set(config.ingestAllowList ?? ['0.0.0.0/0']));
    const ports = config.ingestDomain === undefined ? [1935] : [1935, 443];
    expect(new Set(rules.map(({ fromPort }) => fromPort))).toEqual(new Set(ports));
  });

  test('one balancer is on the internet, for RTMP; the other is internal', () => {
    const schemes = stage
      .ofType('AWS::ElasticLoadBalancingV2::LoadBalancer')
      .map(({ properties }) => [properties.Type, properties.Scheme]);
    expect(Object.fromEntries(schemes)).toEqual({ network: 'internet-facing', application: 'internal' });
  });

  test("a failing check or a deregistration cuts no publisher, and the guard sees the broadcaster's own address", () => {
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

  test('tasks have NAT or a public address, not both, and a zone for each of the network', () => {
    const nats = stage.ofType('AWS::EC2::NatGateway').length;
    const { AwsvpcConfiguration } = stage.only('AWS::ECS::Service').properties.NetworkConfiguration;
    const zones = AwsvpcConfiguration.Subnets.length;
    expect(nats).toBe(config.egress === 'nat' ? zones : 0);
    expect(AwsvpcConfiguration.AssignPublicIp).toBe(config.egress === 'nat' ? 'DISABLED' : 'ENABLED');
    expect(zones).toBe(stage.ofType('AWS::EC2::Subnet').length / 3);
  });

  test('S3 and DynamoDB are reached without NAT', () => {
    const services = stage
      .ofType('AWS::EC2::VPCEndpoint')
      .map(({ properties }) => JSON.stringify(properties.ServiceName));
    expect(services).toEqual([expect.stringContaining('.s3'), expect.stringContaining('.dynamodb')]);
  });
});

/** Rules inside security groups and beside them. */
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

/** The logical id in a reference; an attribute other than a group's own id is named with it. */
function idOf(reference: Json): string {
  const [id, attribute] = reference['Fn::GetAtt'] ?? [reference.Ref];
  return attribute === undefined || attribute === 'GroupId' ? id : `${id}.${attribute}`;
}
