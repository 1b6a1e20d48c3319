import { ArnFormat, Duration, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnDelivery, CfnDeliveryDestination, CfnDeliverySource } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import { toRemovalPolicy } from './stage-retention.ts';

export interface AccessLogsProps extends Pick<ResolvedStage, 'name' | 'logRetentionDays' | 'removalPolicy'> {
  /** Of the stage, which may be in several regions. All their access logs are delivered in us-east-1. */
  readonly stageRegion: string;
  readonly distributionId: string;
}

/** Delivers CloudFront's access logs (standard logging v2) to a bucket that expires them. Must be in us-east-1. */
export class AccessLogs extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: AccessLogsProps) {
    super(scope, id);
    const { distributionId, logRetentionDays, removalPolicy } = props;
    const name = `headend-${props.name}-${props.stageRegion}`;
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      lifecycleRules: [{ expiration: Duration.days(logRetentionDays) }],
      removalPolicy: toRemovalPolicy(removalPolicy),
      autoDeleteObjects: removalPolicy === 'destroy',
    });
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'This is the bucket for access logs itself.',
    });
    this.#allowDelivery();
    const source = new CfnDeliverySource(this, 'Source', {
      name,
      logType: 'ACCESS_LOGS',
      resourceArn: Stack.of(this).formatArn({
        service: 'cloudfront',
        region: '',
        resource: 'distribution',
        resourceName: distributionId,
      }),
    });
    const destination = new CfnDeliveryDestination(this, 'Destination', {
      name,
      destinationResourceArn: this.bucket.bucketArn,
      outputFormat: 'json',
    });
    const delivery = new CfnDelivery(this, 'Delivery', {
      deliverySourceName: source.name,
      deliveryDestinationArn: destination.attrArn,
      s3SuffixPath: '{yyyy}/{MM}/{dd}/{HH}',
    });
    // CloudFormation does not see the reference to the source's name as a dependency.
    delivery.addResourceDependency(source);
    delivery.node.addDependency(this.bucket);
  }

  /** The policy is from the CloudWatch Logs user guide, "Enable logging from AWS services", logs sent to Amazon S3. */
  #allowDelivery(): void {
    const { account } = Stack.of(this);
    const sourceArn = Stack.of(this).formatArn({
      service: 'logs',
      resource: 'delivery-source',
      resourceName: '*',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.bucket.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('delivery.logs.amazonaws.com')],
        actions: ['s3:PutObject'],
        resources: [this.bucket.arnForObjects(`AWSLogs/${account}/*`)],
        conditions: {
          StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control', 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': sourceArn },
        },
      }),
    );
  }
}
