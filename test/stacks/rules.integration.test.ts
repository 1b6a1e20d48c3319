import { resolveStage } from '#config/resolve-stage.ts';
import { RESOURCE_QUOTAS } from '#scripts/cloud/preflight/quota-table.ts';
import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import { type SynthesizedStage, synthesizeStage } from '#test/support/synthesized-stage.ts';

/** Resources whose data can't be recreated while the stage runs. Another logical id would replace them, so never change one of these. */
const STATEFUL = {
  TablesStreams46BD2F7A: 'AWS::DynamoDB::GlobalTable',
  TablesStreamKeysDCF16EB3: 'AWS::DynamoDB::GlobalTable',
  TablesLive9E75DEFC: 'AWS::DynamoDB::GlobalTable',
  TablesTasksB0FA0D86: 'AWS::DynamoDB::GlobalTable',
  TablesAdminTokensD85017D8: 'AWS::DynamoDB::GlobalTable',
  TablesIdempotency498FF680: 'AWS::DynamoDB::GlobalTable',
  TablesAuditCEFF9E0F: 'AWS::DynamoDB::GlobalTable',
  TablesPurgesE0D71257: 'AWS::DynamoDB::GlobalTable',
  TablesSessions486350CB: 'AWS::DynamoDB::GlobalTable',
  TablesEventsE8DD42EA: 'AWS::DynamoDB::GlobalTable',
  ViewerTokenKeysSecret52FE689C: 'AWS::SecretsManager::Secret',
  // With another one, the tasks before and after a deployment would not know each other.
  EncoderClusterSecret1C923AE6: 'AWS::SecretsManager::Secret',
  // With another one, tasks would refuse protected streams until CloudFront has it too.
  EdgeSecretA32C32E1: 'AWS::SecretsManager::Secret',
};
const WEBHOOK_SECRET = { PublishingWebhookSecret51B229FE: 'AWS::SecretsManager::Secret' };

describe.each(TESTED_STAGES)('templates of stage $name', (config) => {
  let stage: SynthesizedStage;
  beforeAll(async () => {
    stage = await synthesizeStage(config);
  });

  test('cdk-nag and the check of CloudFormation find nothing, and the CDK prints no warnings', () => {
    expect(stage.violations).toEqual([]);
    expect(stage.printed).toBe('');
  });

  test('resources with data keep their logical ids', () => {
    const stateful = stage.resources.filter(({ type }) =>
      Object.values({ ...STATEFUL, ...WEBHOOK_SECRET }).includes(type),
    );
    expect(Object.fromEntries(stateful.map(({ logicalId, type }) => [logicalId, type]))).toEqual({
      ...STATEFUL,
      ...(config.publishMode === 'webhook' ? WEBHOOK_SECRET : {}),
    });
  });

  test('the check of quotas knows how many of each resource the stage has', () => {
    for (const { resourceType, needed } of RESOURCE_QUOTAS) {
      expect([resourceType, needed(resolveStage(config))]).toEqual([resourceType, stage.ofType(resourceType).length]);
    }
  });

  test('data can be restored, and outlives the stack if the stage says so', () => {
    const isRetained = config.removalPolicy === 'retain';
    for (const { properties, attributes } of stage.ofType('AWS::DynamoDB::GlobalTable')) {
      expect(properties.BillingMode).toBe('PAY_PER_REQUEST');
      expect(properties.Replicas[0].PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled).toBe(true);
      expect(properties.Replicas[0].DeletionProtectionEnabled ?? false).toBe(isRetained);
      expect(attributes.DeletionPolicy).toBe(isRetained ? 'Retain' : 'Delete');
    }
  });

  test('the outputs have the names that scripts look for', () => {
    const tables = ['AdminTokensTable', 'SessionsTable'];
    const names = ['PlaybackBaseUrl', 'OriginUrl', 'ApiUrl', 'SiteUrl', 'Region', 'AlarmTopicArn'];
    const expected = [...names, ...tables, config.plainRtmp === false ? 'RtmpsUrl' : 'RtmpUrl'];
    expect(Object.keys(stage.outputs)).toEqual(expect.arrayContaining(expected));
  });

  test('logs are kept as long as the stage says', () => {
    const days = stage.ofType('AWS::Logs::LogGroup').map(({ properties }) => properties.RetentionInDays);
    // The two exceptions are the logs of custom resources, which only run during a deployment.
    expect(days.filter((retention) => retention !== (config.logRetentionDays ?? 14))).toEqual([7, 7]);
  });
});
