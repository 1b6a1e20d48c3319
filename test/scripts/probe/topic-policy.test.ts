import { mayCloudWatchPublish } from '#scripts/probe/topic-policy.ts';

const ACCOUNT = '123456789012';
const CLOUDWATCH = { Service: ['cloudwatch.amazonaws.com', 'budgets.amazonaws.com'] };
const OF_ACCOUNT = { StringEquals: { 'aws:SourceAccount': ACCOUNT } };
const ENFORCE_SSL = {
  Effect: 'Deny',
  Principal: '*',
  Action: 'sns:Publish',
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
};
const ALLOW = { Effect: 'Allow', Principal: CLOUDWATCH, Action: 'sns:Publish', Condition: OF_ACCOUNT };
/** The policy of a topic that was made without one (SNS developer guide, "Example cases for access control"). */
const DEFAULT = {
  Effect: 'Allow',
  Principal: { AWS: '*' },
  Action: ['SNS:GetTopicAttributes', 'SNS:Publish'],
  Condition: { StringEquals: { 'AWS:SourceOwner': ACCOUNT } },
};

const policy = (...Statement: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement });

test.each([
  ['an Allow with the account', policy(ALLOW, ENFORCE_SSL)],
  ['an Allow without conditions', policy({ ...ALLOW, Condition: undefined })],
  [
    "an Allow for the account's alarms",
    policy({ ...ALLOW, Condition: arn(`arn:aws:cloudwatch:*:${ACCOUNT}:alarm:*`) }),
  ],
  ['a Deny of something else', policy(ALLOW, { ...ENFORCE_SSL, Action: 'sns:DeleteTopic', Condition: {} })],
  ['a Deny for somebody else', policy(ALLOW, { ...ENFORCE_SSL, Principal: { AWS: 'arn:x' }, Condition: {} })],
  ['one statement alone', JSON.stringify({ Statement: ALLOW })],
])('%s lets CloudWatch publish', (_case, text) => {
  expect(mayCloudWatchPublish(text, ACCOUNT)).toBe(true);
});

test.each([
  ['a Deny of plain text alone, which replaces the default policy', policy(ENFORCE_SSL)],
  ['an Allow for another service', policy({ ...ALLOW, Principal: { Service: 'events.amazonaws.com' } })],
  ['an Allow for another account', policy({ ...ALLOW, Condition: { StringEquals: { 'aws:SourceAccount': '1' } } })],
  ["an Allow for another account's alarms", policy({ ...ALLOW, Condition: arn('arn:aws:cloudwatch:*:1:alarm:*') })],
  ['an Allow of something else', policy({ ...ALLOW, Action: 'sns:GetTopicAttributes' })],
  ['an Allow with a condition that is not understood', policy({ ...ALLOW, Condition: { IpAddress: { x: '::/0' } } })],
  ['a Deny of everything', policy(ALLOW, { ...ENFORCE_SSL, Condition: {} })],
  ['no policy', ''],
  ['no JSON', '{'],
])('%s does not', (_case, text) => {
  expect(mayCloudWatchPublish(text, ACCOUNT)).toBe(false);
});

test('the default policy lets the alarms of the account publish', () => {
  expect(mayCloudWatchPublish(policy(DEFAULT), ACCOUNT)).toBe(true);
  expect(mayCloudWatchPublish(policy(DEFAULT), '1')).toBe(false);
});

function arn(value: string): object {
  return { ArnLike: { 'aws:SourceArn': value } };
}
