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

export interface IngestListenerProps extends Pick<ResolvedStage, 'ingestDomain' | 'ingestAllowList'> {
  readonly vpc: IVpc;
  readonly subnets: ISubnet[];
  /** Zone that the ingest domain's record is made in; null makes none. */
  readonly hostedZone: IHostedZone | null;
}

/** Two failures take a zone's task out of the balancer's answers; a publisher that is connected stays so. */
const HEALTH_CHECK = { interval: Duration.seconds(10), healthyThresholdCount: 2, unhealthyThresholdCount: 2 };

/** Where broadcasters come in: a Network Load Balancer with RTMP and, given a name and a certificate, RTMPS. */
export class IngestListener extends Construct {
  readonly loadBalancer: NetworkLoadBalancer;
  readonly securityGroup: SecurityGroup;
  readonly targetGroup: NetworkTargetGroup;
  /** `rtmp://HOST/live`. */
  readonly rtmpUrl: string;
  /** `rtmps://HOST/live`, or null. */
  readonly rtmpsUrl: string | null;

  constructor(scope: Construct, id: string, props: IngestListenerProps) {
    super(scope, id);
    const { vpc, subnets, ingestDomain } = props;
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
      reason:
        'A network load balancer logs TLS connections only; the encoder logs every connection with its address and outcome.',
    });
    this.targetGroup = makeTargetGroup(this, vpc);
    this.loadBalancer.addListener('Rtmp', {
      port: PORTS.rtmp,
      protocol: Protocol.TCP,
      defaultTargetGroups: [this.targetGroup],
    });
    if (ingestDomain !== null) this.#addTlsListener(ingestDomain.certificateArn);
    if (ingestDomain !== null && props.hostedZone !== null) {
      new ARecord(this, 'Record', {
        zone: props.hostedZone,
        recordName: `${ingestDomain.domainName}.`,
        target: RecordTarget.fromAlias(new LoadBalancerTarget(this.loadBalancer)),
      });
    }
    const host = ingestDomain?.domainName ?? this.loadBalancer.loadBalancerDnsName;
    this.rtmpUrl = `rtmp://${host}/${RTMP_APPLICATION}`;
    this.rtmpsUrl = ingestDomain === null ? null : `rtmps://${host}/${RTMP_APPLICATION}`;
  }

  /** Sends publishers to tasks; the tasks' security group has to let `securityGroup` in. */
  addTarget(target: INetworkLoadBalancerTarget): void {
    this.targetGroup.addTarget(target);
  }

  #makeSecurityGroup({ vpc, ingestAllowList, ingestDomain }: IngestListenerProps): SecurityGroup {
    const securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Headend: who may publish',
      allowAllOutbound: false,
    });
    const ports = ingestDomain === null ? [PORTS.rtmp] : [PORTS.rtmp, PORTS.rtmps];
    for (const cidr of ingestAllowList) {
      for (const port of ports) securityGroup.addIngressRule(Peer.ipv4(cidr), Port.tcp(port), 'broadcasters');
    }
    if (ingestAllowList.includes('0.0.0.0/0')) {
      Validations.of(securityGroup).acknowledge({
        id: 'AwsSolutions-EC23',
        reason:
          'Broadcasters publish from anywhere; the guard and ingest-auth decide who may. ingestAllowList narrows it.',
      });
    }
    return securityGroup;
  }

  /** TLS ends here; behind it is the same port of the same tasks. */
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
    // The guard counts connections and wrong keys by the broadcaster's own address.
    preserveClientIp: true,
    healthCheck: { protocol: Protocol.TCP, ...HEALTH_CHECK },
    // ECS waits it out before it stops a task: long enough for the balancer's own change, no longer.
    deregistrationDelay: Duration.seconds(15),
    connectionTermination: false,
  });
  // On by default, it would cut live publishers of a task that fails a check.
  targetGroup.setAttribute('target_health_state.unhealthy.connection_termination.enabled', 'false');
  return targetGroup;
}
