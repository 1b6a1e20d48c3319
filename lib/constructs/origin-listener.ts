import { Duration, Validations } from 'aws-cdk-lib';
import { OriginProtocolPolicy, VpcOrigin, VpcOriginEndpoint } from 'aws-cdk-lib/aws-cloudfront';
import { CfnSecurityGroupIngress, type ISubnet, type IVpc, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import {
  ApplicationLoadBalancer,
  ApplicationProtocol,
  ApplicationTargetGroup,
  type IApplicationLoadBalancerTarget,
  TargetType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { HEALTH_PATH, PORTS } from '#domain/ports.ts';
import { globalName } from './global-name.ts';
import { VpcOriginSecurityGroup } from './vpc-origin-security-group.ts';

export interface OriginListenerProps {
  readonly vpc: IVpc;
  readonly subnets: ISubnet[];
}

/** Longer than the longest blocking playlist request: three target durations of the slowest profile. */
const IDLE_TIMEOUT = Duration.seconds(60);
/** A task is replaced after two failures, within 10 s. The check only asks if the process is alive. */
const HEALTH_CHECK = {
  path: HEALTH_PATH,
  healthyHttpCodes: '200',
  interval: Duration.seconds(5),
  timeout: Duration.seconds(4),
  healthyThresholdCount: 2,
  unhealthyThresholdCount: 2,
};

/** The origin: an internal Application Load Balancer that only CloudFront can reach, through a VPC origin. */
export class OriginListener extends Construct {
  readonly loadBalancer: ApplicationLoadBalancer;
  readonly securityGroup: SecurityGroup;
  readonly targetGroup: ApplicationTargetGroup;
  /** The origin for a CloudFront distribution. */
  readonly vpcOrigin: VpcOrigin;

  constructor(scope: Construct, id: string, { vpc, subnets }: OriginListenerProps) {
    super(scope, id);
    this.securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Headend: the origin, for CloudFront alone',
      allowAllOutbound: false,
    });
    this.loadBalancer = new ApplicationLoadBalancer(this, 'LoadBalancer', {
      vpc,
      vpcSubnets: { subnets },
      internetFacing: false,
      securityGroup: this.securityGroup,
      idleTimeout: IDLE_TIMEOUT,
      dropInvalidHeaderFields: true,
    });
    Validations.of(this.loadBalancer).acknowledge({
      id: 'AwsSolutions-ELB2',
      reason: "CloudFront's access logs contain every viewer request. This load balancer only sees the cache misses.",
    });
    this.targetGroup = new ApplicationTargetGroup(this, 'Tasks', {
      vpc,
      port: PORTS.originTask,
      protocol: ApplicationProtocol.HTTP,
      targetType: TargetType.IP,
      healthCheck: HEALTH_CHECK,
      // A blocking request is answered within three target durations. New ones go to other tasks, which ask this one for
      // what it still has.
      deregistrationDelay: Duration.seconds(15),
    });
    this.loadBalancer.addListener('Http', {
      port: PORTS.originBalancer,
      protocol: ApplicationProtocol.HTTP,
      open: false,
      defaultTargetGroups: [this.targetGroup],
    });
    this.vpcOrigin = new VpcOrigin(this, 'VpcOrigin', {
      vpcOriginName: globalName(this, 'VpcOrigin'),
      endpoint: VpcOriginEndpoint.applicationLoadBalancer(this.loadBalancer),
      httpPort: PORTS.originBalancer,
      protocolPolicy: OriginProtocolPolicy.HTTP_ONLY,
    });
    this.#allowCloudFront(vpc);
  }

  /** Sends viewers to the tasks of a service. The tasks' security group must allow `securityGroup`. */
  addTarget(target: IApplicationLoadBalancerTarget): void {
    this.targetGroup.addTarget(target);
  }

  #allowCloudFront(vpc: IVpc): void {
    const cloudFront = new VpcOriginSecurityGroup(this, 'CloudFront', { vpc });
    cloudFront.node.addDependency(this.vpcOrigin);
    new CfnSecurityGroupIngress(this, 'FromCloudFront', {
      groupId: this.securityGroup.securityGroupId,
      ipProtocol: 'tcp',
      fromPort: PORTS.originBalancer,
      toPort: PORTS.originBalancer,
      sourceSecurityGroupId: cloudFront.securityGroupId,
      description: 'CloudFront, through the VPC origin',
    });
  }
}
