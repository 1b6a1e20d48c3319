import { Fn, Validations } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type ISubnet,
  type IVpc,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import { makeLogGroup } from './stage-retention.ts';

export type NetworkProps = Pick<ResolvedStage, 'vpcCidr' | 'availabilityZones' | 'egress' | 'logRetentionDays'>;

const BALANCER_SUBNETS = 'Balancer';
const ORIGIN_SUBNETS = 'Origin';
const TASK_SUBNETS = 'Task';

/**
 * The VPC with its three kinds of subnets. The ingest load balancer is in public subnets. The origin's load balancer is
 * in isolated subnets; CloudFront reaches it through a VPC origin. The tasks' subnets are public or behind NAT, as the
 * stage says. S3 and DynamoDB have gateway endpoints.
 */
export class Network extends Construct {
  readonly vpc: IVpc;
  readonly balancerSubnets: ISubnet[];
  readonly originSubnets: ISubnet[];
  readonly taskSubnets: ISubnet[];
  /** Whether tasks need a public address to reach AWS. */
  readonly tasksHavePublicAddresses: boolean;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const zones = availabilityZoneNames(props.availabilityZones);
    const hasNat = props.egress === 'nat';
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(props.vpcCidr),
      availabilityZones: zones,
      natGateways: hasNat ? zones.length : 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: BALANCER_SUBNETS, subnetType: SubnetType.PUBLIC, cidrMask: 26, mapPublicIpOnLaunch: false },
        { name: ORIGIN_SUBNETS, subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 26 },
        {
          name: TASK_SUBNETS,
          subnetType: hasNat ? SubnetType.PRIVATE_WITH_EGRESS : SubnetType.PUBLIC,
          cidrMask: 25,
          ...(hasNat ? {} : { mapPublicIpOnLaunch: false }),
        },
      ],
      gatewayEndpoints: {
        S3: { service: GatewayVpcEndpointAwsService.S3 },
        DynamoDB: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
    });
    if (typeof props.availabilityZones !== 'number') {
      Validations.of(vpc).acknowledge({
        id: 'CloudFormation-Validate::W3010',
        reason: 'The stage names its availability zones.',
      });
    }
    addFlowLog(this, vpc, props.logRetentionDays);
    // The CDK's types allow undefined in optional members; this project's compiler options don't.
    this.vpc = vpc as IVpc;
    this.balancerSubnets = this.vpc.selectSubnets({ subnetGroupName: BALANCER_SUBNETS }).subnets;
    this.originSubnets = this.vpc.selectSubnets({ subnetGroupName: ORIGIN_SUBNETS }).subnets;
    this.taskSubnets = this.vpc.selectSubnets({ subnetGroupName: TASK_SUBNETS }).subnets;
    this.tasksHavePublicAddresses = !hasNat;
  }
}

/** Logs the traffic that security groups reject. It does not log media, so it costs next to nothing. */
function addFlowLog(scope: Construct, vpc: Vpc, retentionDays: number): void {
  vpc.addFlowLog('RejectedTraffic', {
    destination: FlowLogDestination.toCloudWatchLogs(makeLogGroup(scope, 'RejectedTraffic', retentionDays)),
    trafficType: FlowLogTrafficType.REJECT,
  });
}

/** The zones' names, or references to the first zones of the region of the deployment. */
export function availabilityZoneNames(zones: ResolvedStage['availabilityZones']): string[] {
  if (typeof zones !== 'number') return [...zones];
  return Array.from({ length: zones }, (_, index) => Fn.select(index, Fn.getAzs()));
}
