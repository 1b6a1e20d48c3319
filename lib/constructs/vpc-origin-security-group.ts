import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  AwsCustomResource,
  AwsCustomResourcePolicy,
  type AwsSdkCall,
  PhysicalResourceId,
} from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { acknowledgeCdkProvider } from './acknowledge-cdk-providers.ts';

/** CloudFront makes a security group of this name in a VPC with its first VPC origin, and keeps it. */
const GROUP_NAME = 'CloudFront-VPCOrigins-Service-SG';

/**
 * The security group that CloudFront's own network interfaces in a VPC have. CloudFormation has no property that tells it, so it is
 * looked up during deployment, once there is a VPC origin: make this depend on it.
 */
export class VpcOriginSecurityGroup extends Construct {
  readonly securityGroupId: string;

  constructor(scope: Construct, id: string, { vpc }: { readonly vpc: IVpc }) {
    super(scope, id);
    const lookUp: AwsSdkCall = {
      service: 'EC2',
      action: 'describeSecurityGroups',
      parameters: {
        Filters: [
          { Name: 'vpc-id', Values: [vpc.vpcId] },
          { Name: 'group-name', Values: [GROUP_NAME] },
        ],
      },
      outputPaths: ['SecurityGroups.0.GroupId'],
      physicalResourceId: PhysicalResourceId.of(GROUP_NAME),
    };
    const resource = new AwsCustomResource(this, 'LookUp', {
      resourceType: 'Custom::VpcOriginSecurityGroup',
      onCreate: lookUp,
      onUpdate: lookUp,
      policy: AwsCustomResourcePolicy.fromStatements([
        new PolicyStatement({
          effect: Effect.ALLOW,
          actions: ['ec2:DescribeSecurityGroups'],
          // EC2's Describe actions know no resources (Service Authorization Reference); the region is all that can be narrowed.
          resources: ['*'],
          conditions: { StringEquals: { 'aws:RequestedRegion': Stack.of(this).region } },
        }),
      ]),
      installLatestAwsSdk: false,
      logGroup: new LogGroup(this, 'Log', { retention: RetentionDays.ONE_WEEK, removalPolicy: RemovalPolicy.DESTROY }),
    });
    Validations.of(resource).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: "EC2's Describe actions know no resources; the region is all that can be narrowed, and is.",
    });
    acknowledgeCdkProvider(this, 'AwsCustomResource');
    this.securityGroupId = resource.getResponseField('SecurityGroups.0.GroupId');
  }
}
