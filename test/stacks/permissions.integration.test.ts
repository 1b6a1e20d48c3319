import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import {
  clusterSecretOf,
  edgeSecretOf,
  type Json,
  type SynthesizedStage,
  synthesizeStage,
} from '#test/support/synthesized-stage.ts';

/** Actions that AWS only supports on `*` (Service Authorization Reference). */
const WITHOUT_RESOURCES = [
  'ec2:DescribeSecurityGroups',
  'ecr:GetAuthorizationToken',
  'ssmmessages:CreateControlChannel',
  'ssmmessages:CreateDataChannel',
  'ssmmessages:OpenControlChannel',
  'ssmmessages:OpenDataChannel',
];
/** Ids of functions that the CDK itself adds, with policies of its own. */
const CDK_PROVIDERS = /^(AWS679f53fac002430cb0da5b7982bd2287|CustomCDKBucketDeployment|CustomS3AutoDeleteObjects)/;

describe.each(TESTED_STAGES)('permissions of stage $name', (config) => {
  let stage: SynthesizedStage;
  let statements: readonly Json[];
  beforeAll(async () => {
    stage = await synthesizeStage(config);
    statements = stage
      .ofType('AWS::IAM::Policy')
      .filter(({ logicalId }) => !CDK_PROVIDERS.test(logicalId))
      .flatMap(({ properties }) => properties.PolicyDocument.Statement);
  });

  test('the stage has policies', () => {
    expect(statements.length).toBeGreaterThan(8);
  });

  test('no action has a wildcard', () => {
    const actions = statements.flatMap(({ Action }) => Action);
    expect(actions.filter((action: string) => action.includes('*'))).toEqual([]);
  });

  test('a statement allows every resource only if AWS supports no narrower one', () => {
    const wide = statements.filter(({ Resource }) => [Resource].flat().includes('*')).flatMap(({ Action }) => Action);
    expect(wide.filter((action: string) => !WITHOUT_RESOURCES.includes(action))).toEqual([]);
  });

  test('an encoder task can only keep its lease, ask about a publish, send and store events, know other tasks and protect itself', () => {
    expect(actionsOfRole(stage, /TaskRole/)).toEqual(
      [
        'dynamodb:DeleteItem',
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        ...(config.publishMode === 'webhook' ? [] : ['dynamodb:Query']),
        'dynamodb:Scan',
        'dynamodb:UpdateItem',
        'ecs:GetTaskProtection',
        'ecs:UpdateTaskProtection',
        'events:PutEvents',
        'lambda:InvokeFunction',
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetSecretValue',
        ...(config.ecsExec ? WITHOUT_RESOURCES.filter((action) => action.startsWith('ssmmessages:')) : []),
      ].toSorted(),
    );
  });

  test.each([
    ['an encoder task', /TaskRole/, ['dynamodb:DeleteItem', 'dynamodb:Scan', 'dynamodb:UpdateItem']],
    ['the control API', /ControlApi/, ['dynamodb:Scan', 'dynamodb:UpdateItem']],
    ['ingest-auth', /IngestAuth/, []],
  ])('with the table of tasks, %s can do no more than its store does', (_name, role, actions) => {
    expect(actionsOfRole(stage, role, /TablesTasks/)).toEqual(actions);
  });

  test.each([
    ['an encoder task', /TaskRole/, ['dynamodb:PutItem']],
    ['the control API', /ControlApi/, ['dynamodb:PutItem', 'dynamodb:Query']],
    ['ingest-auth', /IngestAuth/, []],
  ])('with the timelines of streams, %s can do no more than its store does', (_name, role, actions) => {
    expect(actionsOfRole(stage, role, /TablesEvents/)).toEqual(actions);
  });

  test('of streams, an encoder task can read what the index by playback id has, and that is no hash of a key', () => {
    expect(actionsOfRole(stage, /TaskRole/, /TablesStreams(?!Keys)/)).toEqual(
      config.publishMode === 'webhook' ? [] : ['dynamodb:Query'],
    );
    const tables = stage.ofType('AWS::DynamoDB::GlobalTable');
    const indexes = tables.flatMap(({ properties }) => properties.GlobalSecondaryIndexes ?? []);
    expect(indexes.map(({ Projection }) => Projection)).toEqual([
      { ProjectionType: 'INCLUDE', NonKeyAttributes: ['title', 'deletedAt'] },
    ]);
  });

  test.each([
    ['the secret of the tasks', clusterSecretOf, [/^EncoderTaskDefinitionTaskRole/]],
    ['the secret of the edge', edgeSecretOf, [/^EncoderTaskDefinitionTaskRole/, /^ControlControlApiRole/]],
  ])('only those who need it can read %s', (_name, secretOf, roles) => {
    const { logicalId } = secretOf(stage);
    const readers = stage
      .ofType('AWS::IAM::Policy')
      // Another stack's template names an output, which has the logical id in its name.
      .filter(({ properties }) => JSON.stringify(properties.PolicyDocument).includes(logicalId));
    expect(readers.map(({ properties }) => properties.Roles)).toEqual(
      expect.arrayContaining(roles.map((role) => [{ Ref: expect.stringMatching(role) }])),
    );
    expect(readers).toHaveLength(roles.length);
    expect(stage.ofType('AWS::SecretsManager::ResourcePolicy')).toEqual([]);
  });

  test('only the control API can read the secret that a provider of identities knows it by', () => {
    const arn = config.signIn?.oidc.clientSecretArn ?? null;
    const readers = stage
      .ofType('AWS::IAM::Policy')
      .filter(({ properties }) => arn !== null && JSON.stringify(properties.PolicyDocument).includes(arn));
    expect(readers.map(({ properties }) => properties.Roles)).toEqual(
      arn === null ? [] : [[{ Ref: expect.stringMatching(/^ControlControlApiRole/) }]],
    );
    if (arn === null) return;
    expect(actionsOfRole(stage, /ControlApi/, new RegExp(`"${arn}"`))).toEqual([
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
    ]);
  });

  test('an encoder task can only protect tasks of its own cluster', () => {
    const [protection, ...others] = statements.filter(({ Action }) =>
      [Action].flat().includes('ecs:UpdateTaskProtection'),
    );
    expect(others).toEqual([]);
    const cluster = stage.only('AWS::ECS::Cluster').logicalId;
    expect(JSON.stringify(protection.Resource)).toMatch(new RegExp(`:task/",\\{"Ref":"${cluster}"\\},"/\\*"`));
    expect(protection.Condition).toEqual({ ArnEquals: { 'ecs:cluster': { 'Fn::GetAtt': [cluster, 'Arn'] } } });
  });

  test('the control API can invalidate the caches of this distribution, and change nothing of it', () => {
    const cloudFront = statements.filter(({ Action }) =>
      [Action].flat().some((action) => action.startsWith('cloudfront:')),
    );
    expect(cloudFront).toHaveLength(1);
    expect(cloudFront[0].Action).toEqual(['cloudfront:CreateInvalidation', 'cloudfront:GetInvalidation']);
    const [variables] = stage
      .ofType('AWS::Lambda::Function')
      .filter(({ properties }) => properties.Description === 'Headend: control API')
      .map(({ properties }) => properties.Environment.Variables);
    const resource = JSON.stringify(cloudFront[0].Resource);
    expect(resource).toMatch(/:cloudfront::.*:distribution\//);
    expect(resource).toContain(JSON.stringify(variables.DISTRIBUTION_ID));
    expect(actionsOfRole(stage, /ControlApi/, /:cloudfront::/)).toEqual(cloudFront[0].Action);
  });

  test('ingest-auth can only read', () => {
    const actions = actionsOfRole(stage, /IngestAuth/).filter((action) => !action.startsWith('logs:'));
    expect(actions).toEqual(
      config.publishMode === 'webhook'
        ? ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue']
        : ['dynamodb:GetItem'],
    );
  });

  test('there are no users, and only services can assume the roles', () => {
    expect(stage.ofType('AWS::IAM::User')).toEqual([]);
    const principals = stage
      .ofType('AWS::IAM::Role')
      .flatMap(({ properties }) => properties.AssumeRolePolicyDocument.Statement)
      .map(({ Principal }) => Object.keys(Principal));
    expect(new Set(principals.flat())).toEqual(new Set(['Service']));
  });
});

/** The actions of all roles whose logical id matches, on resources that match. Sorted and without duplicates. */
function actionsOfRole(stage: SynthesizedStage, role: RegExp, resource = /(?:)/): string[] {
  const policies = stage
    .ofType('AWS::IAM::Policy')
    .filter(({ properties }) => (properties.Roles ?? []).some(({ Ref }: Json) => role.test(Ref)));
  const statements: Json[] = policies.flatMap(({ properties }) => properties.PolicyDocument.Statement);
  const actions = statements
    .filter(({ Resource }) => resource.test(JSON.stringify(Resource)))
    .flatMap(({ Action }) => Action);
  return [...new Set<string>(actions)].toSorted();
}
