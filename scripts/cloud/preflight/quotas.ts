import { CLOUDFRONT_REGION } from '#config/regions.ts';
import { stackName } from '#config/stack-names.ts';
import type { ResolvedStage } from '#config/stage-config.ts';
import type { AwsClients } from './aws-clients.ts';
import { deployedResources } from './deployed-resources.ts';
import { awsErrorText, type Finding } from './finding.ts';
import { type AccountQuota, FARGATE_QUOTA, RESOURCE_QUOTAS, type ResourceQuota } from './quota-table.ts';

const SUBJECT = 'quotas';

/** What one quota gave: null if it is large enough, or an error of AWS. */
type Outcome = Finding | null | { readonly unchecked: string };

/**
 * Compares the account's quotas with what the stage still needs. One that is too small would fail the deployment after
 * minutes, and roll it back. What can't be asked is left out and said once.
 */
export async function checkQuotas(stage: ResolvedStage, aws: AwsClients): Promise<Finding[]> {
  const resourcesOf = rememberingResources(stage, aws);
  const checks: readonly [AccountQuota, () => Promise<Finding | null>][] = [
    [FARGATE_QUOTA, () => checkFargate(stage, aws, resourcesOf)],
    ...RESOURCE_QUOTAS.map(
      (quota) =>
        [quota, () => checkResources(quota, stage, aws, resourcesOf)] as [AccountQuota, () => Promise<Finding | null>],
    ),
  ];
  const outcomes = await Promise.all(
    checks.map(async ([, check]): Promise<Outcome> => check().catch((error) => ({ unchecked: awsErrorText(error) }))),
  );
  const named = (wanted: (outcome: Outcome) => boolean): string =>
    checks.flatMap(([{ name }], index) => (wanted(outcomes[index] ?? null) ? name : [])).join(', ');
  const enough = named((outcome) => outcome === null);
  const errors = outcomes.flatMap((outcome) => (outcome !== null && 'unchecked' in outcome ? outcome.unchecked : []));
  const unchecked = named((outcome) => outcome !== null && 'unchecked' in outcome);
  return [
    ...(enough === '' ? [] : [{ status: 'ok', subject: SUBJECT, text: enough } as const]),
    ...(unchecked === ''
      ? []
      : [{ status: 'unchecked', subject: SUBJECT, text: `${unchecked}: ${errors[0]}` } as const]),
    ...outcomes.flatMap((outcome) => (outcome !== null && 'status' in outcome ? outcome : [])),
  ];
}

type ResourcesOf = (part: string) => ReturnType<typeof deployedResources>;

/** Asks for each stack's resources once. */
function rememberingResources({ name }: ResolvedStage, { cloudFormation }: AwsClients): ResourcesOf {
  const known = new Map<string, ReturnType<typeof deployedResources>>();
  return (part) => {
    const resources = known.get(part) ?? deployedResources(cloudFormation, stackName(name, part));
    known.set(part, resources);
    return resources;
  };
}

async function checkResources(
  quota: ResourceQuota,
  stage: ResolvedStage,
  aws: AwsClients,
  resourcesOf: ResourcesOf,
): Promise<Finding | null> {
  const own = (await resourcesOf(quota.part)).filter(({ type }) => type === quota.resourceType).length;
  const missing = quota.needed(stage) - own;
  if (missing <= 0) return null;
  const [count, limit] = await Promise.all([quota.count(aws), quotaValue(quota, aws)]);
  if (count + missing <= limit) return null;
  return {
    status: 'problem',
    subject: SUBJECT,
    text: [
      `${quota.name}: the stage needs ${missing}, but the account has ${count} of ${limit} already. Remove some, or ask for more:`,
      increaseCommand(quota, count + missing, aws),
    ].join('\n'),
  };
}

/**
 * The service needs `minTasks` to come up. A deployment then needs one more at least, because it starts new tasks before it
 * stops old ones, and ECS goes on in steps if it gets no more. To replace all tasks at once, it takes twice as many.
 */
async function checkFargate(stage: ResolvedStage, aws: AwsClients, resourcesOf: ResourcesOf): Promise<Finding | null> {
  const { minTasks, maxTasks, task } = stage;
  const [media, limit] = await Promise.all([resourcesOf('Media'), quotaValue(FARGATE_QUOTA, aws)]);
  const isRunning = media.some(({ type }) => type === 'AWS::ECS::Service');
  const least = (minTasks + (isRunning ? 1 : 0)) * task.vCpus;
  const most = 2 * maxTasks * task.vCpus;
  if (most <= limit) return null;
  const command = increaseCommand(FARGATE_QUOTA, most, aws);
  if (least <= limit) {
    const text = `the account has ${limit} for all its tasks. With all ${maxTasks} tasks of ${task.vCpus} and those that replace them in a deployment, the stage takes ${most}:`;
    return { status: 'warning', subject: SUBJECT, text: `${FARGATE_QUOTA.name}: ${text}\n${command}` };
  }
  const need = isRunning ? `${minTasks} tasks and one that replaces them` : `${minTasks} tasks`;
  const text = `the stage needs ${least} for ${need}, but the account has ${limit}. Ask for more; it takes ${most} at most:`;
  return { status: 'problem', subject: SUBJECT, text: `${FARGATE_QUOTA.name}: ${text}\n${command}` };
}

/** The account's value, or AWS's default if the account has none of its own. */
async function quotaValue({ serviceCode, quotaCode, isGlobal }: AccountQuota, aws: AwsClients): Promise<number> {
  const quotas = isGlobal ? aws.globalQuotas : aws.quotas;
  const codes = { ServiceCode: serviceCode, QuotaCode: quotaCode };
  const { Quota } = await quotas.getServiceQuota(codes).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'NoSuchResourceException')
      return quotas.getAWSDefaultServiceQuota(codes);
    throw error;
  });
  if (Quota?.Value === undefined) throw new Error(`Service Quotas has no value for ${quotaCode}`);
  return Quota.Value;
}

const increaseCommand = (quota: AccountQuota, desired: number, { region }: AwsClients): string =>
  [
    'aws service-quotas request-service-quota-increase',
    `--service-code ${quota.serviceCode} --quota-code ${quota.quotaCode}`,
    `--desired-value ${desired} --region ${quota.isGlobal ? CLOUDFRONT_REGION : region}`,
  ].join(' ');
