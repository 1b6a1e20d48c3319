import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { wildcardFinding } from './wildcard-finding.ts';

/** Ids that the CDK gives, directly below a stack, to the functions behind its own custom resources. */
const PROVIDER_IDS = {
  AwsCustomResource: 'AWS679f53fac002430cb0da5b7982bd2287',
  BucketDeployment: 'Custom::CDKBucketDeployment8693BB64968944B69AAFB0CC9EB8756C',
} as const;

const LOG_POLICY = '[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]';
const BUCKET_ACTIONS = ['GetObject*', 'GetBucket*', 'List*', 'DeleteObject*', 'Abort*'];

/** Acknowledges what cdk-nag finds in the function that the CDK adds to a stack for its custom resources of one kind. */
export function acknowledgeCdkProvider(scope: IConstruct, kind: keyof typeof PROVIDER_IDS): void {
  const provider = Stack.of(scope).node.findChild(PROVIDER_IDS[kind]);
  Validations.of(provider).acknowledge(
    {
      id: `AwsSolutions-IAM4${LOG_POLICY}`,
      reason: "The CDK's own custom resource: its role may write its log, by AWS's managed policy.",
    },
    {
      id: 'AwsSolutions-L1',
      reason: "The CDK's own custom resource: the CDK chooses its runtime and keeps it up to date.",
    },
  );
}

/** The same for what a BucketDeployment may do: read the CDK's assets, and fill one bucket. */
export function acknowledgeBucketDeployment(scope: IConstruct, bucketArn: string): void {
  acknowledgeCdkProvider(scope, 'BucketDeployment');
  const stack = Stack.of(scope);
  const { partition, account, region } = stack;
  const assets = `arn:${partition}:s3:::cdk-${stack.synthesizer.bootstrapQualifier}-assets-${account}-${region}/*`;
  const ids = [
    ...BUCKET_ACTIONS.map((action) => `AwsSolutions-IAM5[Action::s3:${action}]`),
    wildcardFinding(scope, assets),
    wildcardFinding(scope, `${bucketArn}/*`),
  ];
  const reason =
    "The CDK's own custom resource: it copies the CDK's assets into this one bucket, whatever objects are in them.";
  Validations.of(stack.node.findChild(PROVIDER_IDS.BucketDeployment)).acknowledge(...ids.map((id) => ({ id, reason })));
}
