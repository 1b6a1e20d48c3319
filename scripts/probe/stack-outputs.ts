import { paginateDescribeStacks, type Stack } from '@aws-sdk/client-cloudformation';
import { CLOUDFRONT_REGION } from '#config/regions.ts';
import { stackName } from '#config/stack-names.ts';
import { STAGES } from '#config/stages.ts';
import { type AwsClientsOptions, openAwsClients } from '#scripts/cloud/preflight/aws-clients.ts';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';

export interface StackOutputsOptions {
  readonly stage: string;
  /** AWS profile. Null leaves the choice to the SDK. */
  readonly profile: string | null;
  readonly env: NodeJS.ProcessEnv;
}

/** Outputs by stack, as `cdk deploy --outputs-file` writes them. */
export type StackOutputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * Reads the outputs of a stage's stacks, in its own region and in that of CloudFront. Rejects with a UserError if there are
 * none or if AWS does not answer.
 */
export async function readStackOutputs({ stage, profile, env }: StackOutputsOptions): Promise<StackOutputs> {
  const config = STAGES.find(({ name }) => name === stage);
  if (config === undefined) {
    throw new UserError(
      `There is no stage "${stage}"; lib/config/stages.ts has ${STAGES.map(({ name }) => name).join(', ')}.`,
    );
  }
  const regions = [...new Set([config.region ?? null, CLOUDFRONT_REGION])];
  try {
    const stacks = (await Promise.all(regions.map((region) => describeStacks({ region, profile, env })))).flat();
    const own = stacks.filter(({ StackName = '' }) => StackName.startsWith(stackName(stage, '')));
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

async function describeStacks(options: AwsClientsOptions): Promise<Stack[]> {
  const { cloudFormation: client, close } = await openAwsClients(options);
  try {
    const stacks: Stack[] = [];
    for await (const page of paginateDescribeStacks({ client }, {})) stacks.push(...(page.Stacks ?? []));
    return stacks;
  } finally {
    close();
  }
}

const outputsOf = ({ Outputs = [] }: Stack): Record<string, string> =>
  Object.fromEntries(Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
