import { Fn, RemovalPolicy, Validations } from 'aws-cdk-lib';
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
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';

/** What of a stage the network is made of. */
export type NetworkProps = Pick<ResolvedStage, 'vpcCidr' | 'availabilityZones' | 'egress' | 'logRetentionDays'>;

const BALANCER_SUBNETS = 'Balancer';
const ORIGIN_SUBNETS = 'Origin';
const TASK_SUBNETS = 'Task';

/**
 * A VPC with subnets of three kinds: public ones for the ingest load balancer, isolated ones for the origin's (CloudFront reaches them
 * through a VPC origin), and the tasks' own, public or behind NAT as the stage says. S3 and DynamoDB are reached by gateway endpoints.
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
    // The CDK's own types of optional members are looser than this project's.
    this.vpc = vpc as IVpc;
    this.balancerSubnets = this.vpc.selectSubnets({ subnetGroupName: BALANCER_SUBNETS }).subnets;
    this.originSubnets = this.vpc.selectSubnets({ subnetGroupName: ORIGIN_SUBNETS }).subnets;
    this.taskSubnets = this.vpc.selectSubnets({ subnetGroupName: TASK_SUBNETS }).subnets;
    this.tasksHavePublicAddresses = !hasNat;
  }
}

/** What security groups turn away: media is never logged, so this costs next to nothing. */
function addFlowLog(scope: Construct, vpc: Vpc, retentionDays: number): void {
  const logGroup = new LogGroup(scope, 'RejectedTraffic', {
    retention: retentionDays as RetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  vpc.addFlowLog('RejectedTraffic', {
    destination: FlowLogDestination.toCloudWatchLogs(logGroup),
    trafficType: FlowLogTrafficType.REJECT,
  });
}

/** Names, or the first so many zones of whatever region it will be. */
export function availabilityZoneNames(zones: number | readonly string[]): string[] {
  if (typeof zones !== 'number') return [...zones];
  return Array.from({ length: zones }, (_, index) => Fn.select(index, Fn.getAzs()));
}
