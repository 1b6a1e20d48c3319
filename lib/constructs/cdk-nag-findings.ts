import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Ids of the functions behind the CDK's own custom resources. The CDK puts them directly below the stack. */
const PROVIDER_IDS = {
  AwsCustomResource: 'AWS679f53fac002430cb0da5b7982bd2287',
  BucketDeployment: 'Custom::CDKBucketDeployment8693BB64968944B69AAFB0CC9EB8756C',
} as const;

const LOG_POLICY = '[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]';
const BUCKET_ACTIONS = ['GetObject*', 'GetBucket*', 'List*', 'DeleteObject*', 'Abort*'];

/** Acknowledges the findings in the function that the CDK adds to `scope`'s stack for one kind of custom resource. */
export function acknowledgeCdkProvider(scope: IConstruct, kind: keyof typeof PROVIDER_IDS): void {
  const provider = Stack.of(scope).node.findChild(PROVIDER_IDS[kind]);
  Validations.of(provider).acknowledge(
    {
      id: `AwsSolutions-IAM4${LOG_POLICY}`,
      reason: "The CDK's own custom resource: AWS's managed policy only allows its role to write its log.",
    },
    {
      id: 'AwsSolutions-L1',
      reason: "The CDK's own custom resource: the CDK chooses its runtime and keeps it up to date.",
    },
  );
}

/** Does the same for a BucketDeployment, whose function reads the CDK's assets and fills one bucket. */
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
    "The CDK's own custom resource: it copies the CDK's assets into this one bucket, and their object names vary.";
  Validations.of(stack.node.findChild(PROVIDER_IDS.BucketDeployment)).acknowledge(...ids.map((id) => ({ id, reason })));
}

/**
 * The id of cdk-nag's finding about a policy with this resource in `scope`'s stack. The id quotes the ARN, with its
 * references in angle brackets.
 */
export function wildcardFinding(scope: IConstruct, resourceArn: string): string {
  return `AwsSolutions-IAM5[Resource::${flatten(Stack.of(scope).resolve(resourceArn))}]`;
}

/** A resolved string or intrinsic function in cdk-nag's notation. Throws on functions that our ARNs don't use. */
function flatten(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[name, argument] = []] = Object.entries(value as Record<string, unknown>);
  if (name === 'Ref') return `<${argument}>`;
  if (name === 'Fn::GetAtt') return `<${(argument as string[]).join('.')}>`;
  if (name === 'Fn::Join') {
    const [separator, parts] = argument as [string, unknown[]];
    return parts.map(flatten).join(separator);
  }
  throw new Error(`an ARN contains ${name}, which is not supported`);
}
