import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVERY_OPTION } from '#test/support/stage-configs.ts';
import {
  type Json,
  type SynthesizedStage,
  synthesizeStage,
  type TemplateResource,
} from '#test/support/synthesized-stage.ts';

const { name: STAGE } = EVERY_OPTION;
const SUBJECT = 'token.actions.githubusercontent.com:sub';
const AUDIENCE = 'token.actions.githubusercontent.com:aud';
let pipeline: SynthesizedStage;
let second: SynthesizedStage;

beforeAll(async () => {
  [pipeline, second] = await Promise.all([
    synthesizeStage(EVERY_OPTION, 'pipeline'),
    synthesizeStage(EVERY_OPTION, 'second-pipeline'),
  ]);
});

/** A role by the beginning of its logical id. Throws if there is none. */
function roleOf({ ofType }: SynthesizedStage, name: 'Deploy' | 'Diff'): TemplateResource {
  const role = ofType('AWS::IAM::Role').find(({ logicalId }) => logicalId.startsWith(`Roles${name}`));
  if (role === undefined) throw new Error(`there is no role ${name}`);
  return role;
}

/** Everything that a role may do: its statements, with resources as text. */
function statementsOf(stage: SynthesizedStage, name: 'Deploy' | 'Diff'): Json[] {
  const { logicalId, properties } = roleOf(stage, name);
  expect(properties.ManagedPolicyArns).toBeUndefined();
  const policies = stage.ofType('AWS::IAM::Policy').filter((policy) => policy.properties.Roles[0].Ref === logicalId);
  return policies.flatMap(({ properties: { PolicyDocument } }) => PolicyDocument.Statement);
}

const actionsOf = (statements: Json[]): string[] => statements.flatMap(({ Action }) => Action).sort();

test('there is nothing but GitHub as a provider and two roles, and cdk-nag finds nothing', () => {
  expect([pipeline.violations, pipeline.printed]).toEqual([[], '']);
  expect(pipeline.stacks.map(({ name }) => name)).toEqual([`Headend-${STAGE}-Pipeline`]);
  expect([...new Set(pipeline.resources.map(({ type }) => type))].sort()).toEqual([
    'AWS::IAM::OIDCProvider',
    'AWS::IAM::Policy',
    'AWS::IAM::Role',
  ]);
  expect(pipeline.ofType('AWS::IAM::Role')).toHaveLength(2);
  expect(Object.keys(pipeline.outputs).sort()).toEqual(['DeployRoleArn', 'DiffRoleArn']);
});

test('only tokens of GitHub for one repository open them: of the stage’s environment, and of pull requests', () => {
  const provider = pipeline.only('AWS::IAM::OIDCProvider');
  expect(provider.properties).toMatchObject({
    Url: 'https://token.actions.githubusercontent.com',
    ClientIdList: ['sts.amazonaws.com'],
  });
  for (const [name, subject] of [
    ['Deploy', `environment:${STAGE}`],
    ['Diff', 'pull_request'],
  ] as const) {
    expect(roleOf(pipeline, name).properties.AssumeRolePolicyDocument.Statement).toEqual([
      {
        Action: 'sts:AssumeRoleWithWebIdentity',
        Effect: 'Allow',
        Principal: { Federated: { Ref: provider.logicalId } },
        Condition: { StringEquals: { [AUDIENCE]: 'sts.amazonaws.com', [SUBJECT]: `repo:acme/live:${subject}` } },
      },
    ]);
  }
});

test('an account that trusts GitHub already gets no second provider, and a repository may be named with its ids', () => {
  expect(second.ofType('AWS::IAM::OIDCProvider')).toEqual([]);
  const [{ Principal, Condition }] = roleOf(second, 'Deploy').properties.AssumeRolePolicyDocument.Statement;
  expect(JSON.stringify(Principal)).toContain(':oidc-provider/token.actions.githubusercontent.com');
  expect(Condition.StringEquals[SUBJECT]).toBe(`repo:acme@1/live@2:environment:${STAGE}`);
});

test('the provider outlives the stack, because the roles of other stages need it', () => {
  expect(pipeline.only('AWS::IAM::OIDCProvider').attributes.DeletionPolicy).toBe('Retain');
});

test('the role of pull requests reads templates and names, and can do nothing else', () => {
  const statements = statementsOf(pipeline, 'Diff');
  for (const action of actionsOf(statements)) expect(action).toMatch(/^\w+:(Describe|Get|List)[A-Z]\w+$/);
  expect(actionsOf(statements)).toEqual(
    expect.arrayContaining(['cloudformation:DescribeStacks', 'cloudformation:GetTemplate']),
  );
  const templates = statements.find(({ Action }) => Action.includes('cloudformation:GetTemplate'));
  expect(JSON.stringify(templates.Resource)).toContain(`:stack/Headend-${STAGE}-*/*`);
});

test('the role of deployments takes on the roles of the CDK’s bootstrap, in the stage’s region and CloudFront’s', () => {
  const [assume, ...others] = statementsOf(pipeline, 'Deploy').filter(({ Action }) => Action === 'sts:AssumeRole');
  expect(others).toEqual([]);
  const account = '1'.repeat(12);
  const roles = ['deploy', 'file-publishing', 'image-publishing', 'lookup'];
  const names = ['eu-central-1', 'us-east-1'].flatMap((region) =>
    roles.map((role) => `role/cdk-hnb659fds-${role}-role-${account}-${region}`),
  );
  const found = assume.Resource.map((arn: Json) => /role\/[\w-]+/.exec(JSON.stringify(arn))?.[0]);
  expect(found).toEqual(names.sort());
});

test('besides, it may do what the end of a deployment does: copy the keys of viewer tokens to the edge', async () => {
  const statements = statementsOf(pipeline, 'Deploy');
  const secret = statements.find(({ Action }) => Action.includes('secretsmanager:PutSecretValue'));
  expect(secret.Condition).toEqual({ StringEquals: { 'aws:ResourceTag/headend:stage': STAGE } });
  // CloudFormation begins a secret's name with its logical id.
  expect(JSON.stringify(secret.Resource)).toContain(':secret:ViewerTokenKeysSecret*');
  const secrets = (await synthesizeStage(EVERY_OPTION)).ofType('AWS::SecretsManager::Secret');
  const covered = secrets.filter(({ logicalId }) => logicalId.startsWith('ViewerTokenKeysSecret'));
  expect(covered.map(({ properties }) => properties.Description)).toEqual([expect.stringContaining('viewer tokens')]);
  const changing = actionsOf(statements).filter((action) => !/:(Describe|Get|List)/.test(action));
  expect(changing).toEqual(['cloudfront-keyvaluestore:PutKey', 'secretsmanager:PutSecretValue', 'sts:AssumeRole']);
});

test('both may ask AWS everything that the checks before a deployment ask', () => {
  const folder = 'scripts/cloud/preflight';
  const source = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  const calls = [...source.matchAll(/\.((?:describe|list|get)[A-Z]\w+)\(\{|paginate([A-Z]\w+)\(/g)];
  const asked = calls.map(([, call = '', paginated]) => paginated ?? `${call.charAt(0).toUpperCase()}${call.slice(1)}`);
  // Everybody may ask who they are.
  const needed = [...new Set(asked)].filter((name) => name !== 'GetCallerIdentity');
  expect(needed.length).toBeGreaterThan(5);
  for (const name of ['Deploy', 'Diff'] as const) {
    const allowed = actionsOf(statementsOf(pipeline, name)).map((action) => action.split(':')[1]);
    expect(needed.filter((action) => !allowed.includes(action))).toEqual([]);
  }
});
