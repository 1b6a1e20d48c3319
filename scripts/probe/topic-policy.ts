import { z } from 'zod';

const oneOrMany = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const conditionSchema = z.record(z.string(), z.record(z.string(), z.unknown()));
const statementSchema = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.union([z.literal('*'), z.record(z.string(), oneOrMany)]).optional(),
  Action: oneOrMany.optional(),
  Condition: conditionSchema.default({}),
});
const policySchema = z.object({
  Statement: z.union([statementSchema, z.array(statementSchema)]).transform((value) => [value].flat()),
});

type PolicyStatement = z.infer<typeof statementSchema>;

/** The second one is in the default policies of topics. */
const ACCOUNT_KEYS: readonly string[] = ['aws:sourceaccount', 'aws:sourceowner'];
const CLOUDWATCH = 'cloudwatch.amazonaws.com';

/**
 * Whether a topic's policy lets CloudWatch's alarms of an account publish. It understands the conditions that such policies
 * have: the account, an alarm's ARN, and TLS, which CloudWatch uses. A statement with any other condition does not count as an
 * Allow, and counts as a Deny.
 */
export function mayCloudWatchPublish(policy: string, account: string): boolean {
  const parsed = policySchema.safeParse(parseJson(policy));
  if (!parsed.success) return false;
  const concerning = parsed.data.Statement.filter((each) => isAboutPublishing(each) && isForCloudWatch(each));
  const allows = concerning.filter(({ Effect }) => Effect === 'Allow');
  const denies = concerning.filter(({ Effect }) => Effect === 'Deny');
  return (
    allows.some(({ Condition }) => conditionsOf(Condition).every((each) => isMet(each, account))) &&
    denies.every(({ Condition }) => conditionsOf(Condition).some(isUnencrypted))
  );
}

interface PolicyCondition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

const conditionsOf = (condition: PolicyStatement['Condition']): PolicyCondition[] =>
  Object.entries(condition).flatMap(([operator, pairs]) =>
    Object.entries(pairs).map(([key, value]) => ({
      ...{ operator, key: key.toLowerCase(), values: [value].flat().map(String) },
    })),
  );

const isAboutPublishing = ({ Action = [] }: PolicyStatement): boolean =>
  Action.some((action) => ['*', 'sns:*', 'sns:publish'].includes(action.toLowerCase()));

function isForCloudWatch({ Principal = {} }: PolicyStatement): boolean {
  if (Principal === '*') return true;
  return [...(Principal.Service ?? []), ...(Principal.AWS ?? [])].some((name) => name === CLOUDWATCH || name === '*');
}

function isMet({ operator, key, values }: PolicyCondition, account: string): boolean {
  if (ACCOUNT_KEYS.includes(key)) return /^String(Equals|Like)$/.test(operator) && values.includes(account);
  if (key === 'aws:sourcearn') {
    return /^(Arn|String)(Equals|Like)$/.test(operator) && values.some((arn) => isOfAccount(arn, account));
  }
  return key === 'aws:securetransport' && operator === 'Bool' && values.includes('true');
}

function isOfAccount(arn: string, account: string): boolean {
  const [, , service, , owner] = arn.split(':');
  return service === 'cloudwatch' && (owner === account || owner === '*');
}

const isUnencrypted = ({ operator, key, values }: PolicyCondition): boolean =>
  operator === 'Bool' && key === 'aws:securetransport' && values.includes('false');

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
