import { Stack, Validations } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  AwsCustomResource,
  AwsCustomResourcePolicy,
  type AwsSdkCall,
  PhysicalResourceId,
} from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { acknowledgeCdkProvider } from './cdk-nag-findings.ts';
import { makeLogGroup } from './stage-retention.ts';

/** CloudFront creates a security group of this name with a VPC's first VPC origin, and keeps it. */
const GROUP_NAME = 'CloudFront-VPCOrigins-Service-SG';

/**
 * The security group of CloudFront's own network interfaces in a VPC. No CloudFormation property has its id, so it is
 * looked up during deployment. It exists once there is a VPC origin: make this construct depend on one.
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
          // EC2's Describe actions support no resources (Service Authorization Reference), only a limit by region.
          resources: ['*'],
          conditions: { StringEquals: { 'aws:RequestedRegion': Stack.of(this).region } },
        }),
      ]),
      installLatestAwsSdk: false,
      logGroup: makeLogGroup(this, 'Log', RetentionDays.ONE_WEEK),
    });
    Validations.of(resource).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: "EC2's Describe actions support no resources. The statement is limited by region.",
    });
    acknowledgeCdkProvider(this, 'AwsCustomResource');
    this.securityGroupId = resource.getResponseField('SecurityGroups.0.GroupId');
  }
}
