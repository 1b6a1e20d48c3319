import { Duration, Validations } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { type ISubnet, type IVpc, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import {
  type INetworkLoadBalancerTarget,
  NetworkLoadBalancer,
  NetworkTargetGroup,
  Protocol,
  SslPolicy,
  TargetType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { ARecord, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { LoadBalancerTarget } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import { PORTS, RTMP_APPLICATION } from '#domain/ports.ts';

export interface IngestListenerProps extends Pick<ResolvedStage, 'ingestDomain' | 'plainRtmp' | 'ingestAllowList'> {
  readonly vpc: IVpc;
  readonly subnets: ISubnet[];
  /** The zone in which the ingest domain gets its record. Null to create none. */
  readonly hostedZone: IHostedZone | null;
}

/** After two failures, a task gets no new connections. Connected publishers stay connected. */
const HEALTH_CHECK = { interval: Duration.seconds(10), healthyThresholdCount: 2, unhealthyThresholdCount: 2 };

/** The Network Load Balancer that broadcasters publish to: RTMP unless the stage forbids it, and RTMPS at its ingest domain. */
export class IngestListener extends Construct {
  readonly loadBalancer: NetworkLoadBalancer;
  readonly securityGroup: SecurityGroup;
  readonly targetGroup: NetworkTargetGroup;
  /** `rtmp://HOST/live`. Null if the stage takes RTMPS only. */
  readonly rtmpUrl: string | null;
  /** `rtmps://HOST/live`. Null without an ingest domain. */
  readonly rtmpsUrl: string | null;

  constructor(scope: Construct, id: string, props: IngestListenerProps) {
    super(scope, id);
    const { vpc, subnets, ingestDomain, plainRtmp } = props;
    this.securityGroup = this.#makeSecurityGroup(props);
    this.loadBalancer = new NetworkLoadBalancer(this, 'LoadBalancer', {
      vpc,
      vpcSubnets: { subnets },
      internetFacing: true,
      crossZoneEnabled: true,
      securityGroups: [this.securityGroup],
    });
    Validations.of(this.loadBalancer).acknowledge({
      id: 'AwsSolutions-ELB2',
      reason: 'A Network Load Balancer only logs TLS. The encoder logs every connection with its address and outcome.',
    });
    this.targetGroup = makeTargetGroup(this, vpc);
    if (plainRtmp) {
      this.loadBalancer.addListener('Rtmp', {
        port: PORTS.rtmp,
        protocol: Protocol.TCP,
        defaultTargetGroups: [this.targetGroup],
      });
    }
    if (ingestDomain !== null) this.#addTlsListener(ingestDomain.certificateArn);
    if (ingestDomain !== null && props.hostedZone !== null) {
      new ARecord(this, 'Record', {
        zone: props.hostedZone,
        recordName: `${ingestDomain.domainName}.`,
        target: RecordTarget.fromAlias(new LoadBalancerTarget(this.loadBalancer)),
      });
    }
    const host = ingestDomain?.domainName ?? this.loadBalancer.loadBalancerDnsName;
    this.rtmpUrl = !plainRtmp ? null : `rtmp://${host}/${RTMP_APPLICATION}`;
    this.rtmpsUrl = ingestDomain === null ? null : `rtmps://${host}/${RTMP_APPLICATION}`;
  }

  /** Sends publishers to the tasks of a service. The tasks' security group must allow `securityGroup`. */
  addTarget(target: INetworkLoadBalancerTarget): void {
    this.targetGroup.addTarget(target);
  }

  #makeSecurityGroup({ vpc, ingestAllowList, ingestDomain, plainRtmp }: IngestListenerProps): SecurityGroup {
    const securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Headend: who may publish',
      allowAllOutbound: false,
    });
    const ports = [...(plainRtmp ? [PORTS.rtmp] : []), ...(ingestDomain === null ? [] : [PORTS.rtmps])];
    for (const cidr of ingestAllowList) {
      for (const port of ports) securityGroup.addIngressRule(Peer.ipv4(cidr), Port.tcp(port), 'broadcasters');
    }
    if (ingestAllowList.includes('0.0.0.0/0')) {
      Validations.of(securityGroup).acknowledge({
        id: 'AwsSolutions-EC23',
        reason:
          'Broadcasters publish from anywhere. The guard and ingest-auth decide who may; ingestAllowList narrows it.',
      });
    }
    return securityGroup;
  }

  /** The load balancer terminates TLS and connects to the same port of the same tasks. */
  #addTlsListener(certificateArn: string): void {
    this.loadBalancer.addListener('Rtmps', {
      port: PORTS.rtmps,
      protocol: Protocol.TLS,
      certificates: [Certificate.fromCertificateArn(this, 'Certificate', certificateArn)],
      sslPolicy: SslPolicy.RECOMMENDED_TLS,
      defaultTargetGroups: [this.targetGroup],
    });
  }
}

function makeTargetGroup(scope: Construct, vpc: IVpc): NetworkTargetGroup {
  const targetGroup = new NetworkTargetGroup(scope, 'Tasks', {
    vpc,
    port: PORTS.rtmp,
    protocol: Protocol.TCP,
    targetType: TargetType.IP,
    // The guard counts connections and wrong keys per address of the broadcaster.
    preserveClientIp: true,
    healthCheck: { protocol: Protocol.TCP, ...HEALTH_CHECK },
    // ECS waits this long before it tells a task to stop. By then the load balancer has applied the change everywhere, so
    // publishers that the task sends away reach other tasks. Until then, they stay connected to it.
    deregistrationDelay: Duration.seconds(60),
    connectionTermination: false,
  });
  // The default would disconnect the live publishers of a task that fails a health check.
  targetGroup.setAttribute('target_health_state.unhealthy.connection_termination.enabled', 'false');
  return targetGroup;
}
