import { UserError } from '#scripts/terminal/errors.ts';

/** The role of a pipeline that a command is about. */
export interface PipelineOptions {
  /** OWNER/REPO or OWNER@ID/REPO@ID on GitHub. */
  readonly repository: string;
  /** Whether the account trusts GitHub already. */
  readonly hasProvider: boolean;
}

const ROLE_OPTION = '--pipeline-role';
const PROVIDER_OPTION = '--existing-provider';
const OWNER = '[A-Za-z0-9][A-Za-z0-9-]{0,38}';
const REPOSITORY = '[A-Za-z0-9._-]{1,100}';
const REPOSITORY_PATTERN = new RegExp(`^(?:${OWNER}/${REPOSITORY}|${OWNER}@\\d+/${REPOSITORY}@\\d+)$`);

/**
 * Takes Headend's own options for a pipeline's role from a command line, and puts the app's context in their place. Null
 * if there are none. Throws a UserError if the repository is not one.
 */
export function takePipelineOptions(
  args: readonly string[],
): { readonly pipeline: PipelineOptions; readonly args: readonly string[] } | null {
  const index = args.findIndex((arg) => arg === ROLE_OPTION || arg.startsWith(`${ROLE_OPTION}=`));
  const hasProvider = args.includes(PROVIDER_OPTION);
  if (index < 0) {
    if (hasProvider) throw new UserError(`${PROVIDER_OPTION} goes with ${ROLE_OPTION} OWNER/REPO.`);
    return null;
  }
  const isJoined = args[index] !== ROLE_OPTION;
  const repository = (isJoined ? args[index]?.slice(ROLE_OPTION.length + 1) : args[index + 1]) ?? '';
  if (!REPOSITORY_PATTERN.test(repository)) {
    throw new UserError(`${ROLE_OPTION} takes OWNER/REPO or OWNER@ID/REPO@ID, not "${repository}".`);
  }
  const rest = args.toSpliced(index, isJoined ? 1 : 2).filter((arg) => arg !== PROVIDER_OPTION);
  const context = [`pipelineRepository=${repository}`, ...(hasProvider ? ['pipelineProvider=existing'] : [])];
  return { pipeline: { repository, hasProvider }, args: [...rest, ...context.flatMap((entry) => ['-c', entry])] };
}

/** What is left to do on GitHub. */
export function pipelineSteps(stage: string, { repository }: PipelineOptions): string {
  const name = repository.replace(/@\d+/g, '');
  return `
Next, in the settings of https://github.com/${name}:
  Environments: add ${stage}. Say who has to approve a deployment, and from which branches there may be one.
  Variables of the environment ${stage}: AWS_ROLE_ARN (the output DeployRoleArn) and AWS_REGION.
  Variables of the repository: AWS_DIFF_ROLE_ARN (the output DiffRoleArn of dev) and AWS_REGION.
  Secret of the environment ${stage}: HEADEND_TOKEN, an admin token for the probe after a deployment.
`;
}
