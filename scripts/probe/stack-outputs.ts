import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { CLOUDFRONT_REGION } from '#config/regions.ts';
import { STAGES } from '#config/stages.ts';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';

export interface StackOutputsOptions {
  readonly stage: string;
  /** AWS profile. Null leaves the choice to the SDK. */
  readonly profile: string | null;
}

/** Outputs by stack, as `cdk deploy --outputs-file` writes them. */
export type StackOutputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

const REQUEST_LIMITS = { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true };
/** An account has 2,000 stacks in a region at most, and a page has 100. */
const MAX_PAGES = 25;

/**
 * Reads the outputs of a stage's stacks, in its own region and in that of CloudFront. Rejects with a UserError if there are
 * none or if AWS does not answer.
 */
export async function readStackOutputs({ stage, profile }: StackOutputsOptions): Promise<StackOutputs> {
  const config = STAGES.find(({ name }) => name === stage);
  if (config === undefined) {
    throw new UserError(
      `There is no stage "${stage}"; lib/config/stages.ts has ${STAGES.map(({ name }) => name).join(', ')}.`,
    );
  }
  const regions = [...new Set([config.region ?? null, CLOUDFRONT_REGION])];
  try {
    const stacks = (await Promise.all(regions.map((region) => describeStacks(region, profile)))).flat();
    const own = stacks.filter(({ StackName = '' }) => StackName.startsWith(`Headend-${stage}-`));
    if (own.length === 0) throw new UserError(`No stacks of the stage "${stage}" are deployed.`);
    return Object.fromEntries(own.map((stack) => [stack.StackName ?? '', outputsOf(stack)]));
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const name = cause instanceof Error ? `${cause.name}: ` : '';
    throw new UserError(
      `The stacks of the stage "${stage}" can't be read: ${name}${errorMessage(cause)}. Set AWS_PROFILE or --profile to credentials that may call cloudformation:DescribeStacks, or give --outputs FILE.`,
      { cause },
    );
  }
}

async function describeStacks(region: string | null, profile: string | null): Promise<Stack[]> {
  const client = new CloudFormationClient({
    ...(region !== null && { region }),
    ...(profile !== null && { profile }),
    requestHandler: REQUEST_LIMITS,
  });
  try {
    const stacks: Stack[] = [];
    let NextToken: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const answer = await client.send(new DescribeStacksCommand(NextToken === undefined ? {} : { NextToken }));
      stacks.push(...(answer.Stacks ?? []));
      NextToken = answer.NextToken;
      if (NextToken === undefined) break;
    }
    return stacks;
  } finally {
    client.destroy();
  }
}

const outputsOf = ({ Outputs = [] }: Stack): Record<string, string> =>
  Object.fromEntries(Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
