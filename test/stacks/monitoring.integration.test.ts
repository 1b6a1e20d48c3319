import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import { type Json, type SynthesizedStage, synthesizeStage } from '#test/support/synthesized-stage.ts';

const PLATFORM_ALARMS = [
  'NoHealthyTask',
  'EncoderFallingBehind',
  'EncoderRestarts',
  'NoStreamSlots',
  'IngestAuthErrors',
  'OriginErrors',
];
const CLOUDFRONT_ALARMS = ['DeliveryErrors', 'LowCacheHitRate'];

describe.each(TESTED_STAGES)('monitoring of stage $name', (config) => {
  let stage: SynthesizedStage;
  beforeAll(async () => {
    stage = await synthesizeStage(config);
  });

  test('every alarm tells the topic of its own stack, of its beginning and its end, and says what it means', () => {
    const alarms = stage.ofType('AWS::CloudWatch::Alarm');
    const expected = [
      ...PLATFORM_ALARMS,
      ...(config.publishMode === 'webhook' ? ['WebhookFailing'] : []),
      // CloudFront's metrics are in us-east-1, which a stage of unknown region can't refer to.
      ...(config.region === undefined ? [] : CLOUDFRONT_ALARMS),
    ];
    const named = alarms.map(({ logicalId }) => expected.find((name) => logicalId.includes(name)) ?? logicalId);
    expect(named.toSorted()).toEqual(expected.toSorted());
    for (const { properties, stack } of alarms) {
      const topics = stage.ofType('AWS::SNS::Topic').filter((topic) => topic.stack === stack);
      expect(properties.AlarmActions).toEqual([{ Ref: topics[0]?.logicalId }]);
      expect(properties.OKActions).toEqual(properties.AlarmActions);
      expect(properties.AlarmDescription).toMatch(/\.$/);
    }
  });

  test('somebody is told where the stage names somebody', () => {
    const addresses = stage.ofType('AWS::SNS::Subscription').map(({ properties }) => properties.Endpoint);
    const topics = config.region === undefined ? 1 : 2;
    expect(addresses).toEqual(config.alarmEmail === undefined ? [] : Array(topics).fill(config.alarmEmail));
  });

  test('the cache hit rate counts only while streams are watched', () => {
    const alarm = stage.ofType('AWS::CloudWatch::Alarm').find(({ logicalId }) => logicalId.includes('LowCacheHitRate'));
    if (config.region === undefined) return expect(alarm).toBeUndefined();
    const expression = alarm?.properties.Metrics.find((metric: Json) => metric.Expression !== undefined);
    expect(expression?.Expression).toMatch(/^IF\(requests > \d+, hits, 100\)$/);
    expect(alarm?.properties.Threshold).toBe(80);
  });

  test('the dashboard shows the whole way', () => {
    const body = JSON.stringify(stage.only('AWS::CloudWatch::Dashboard').properties.DashboardBody);
    for (const metric of [
      'StreamsLive',
      'StreamSlotsUsed',
      'CPUUtilization',
      'EncoderSpeed',
      'EncoderRestarts',
      'RefusedPublishes',
      'ActiveFlowCount',
      'TargetResponseTime',
      'HTTPCode_Target_5XX_Count',
      'Requests',
      'BytesDownloaded',
      'CacheHitRate',
      '4xxErrorRate',
      '5xxErrorRate',
    ]) {
      expect(body).toContain(metric);
    }
  });

  test('a budget gives notice where the stage has one', () => {
    const budgets = stage.ofType('AWS::Budgets::Budget').map(({ properties }) => properties.Budget.BudgetLimit.Amount);
    expect(budgets).toEqual(config.monthlyBudgetUsd === undefined ? [] : [config.monthlyBudgetUsd]);
  });

  test("CloudFront's access logs are delivered to a bucket that only the delivery writes", () => {
    const deliveries = stage.ofType('AWS::Logs::Delivery');
    expect(deliveries).toHaveLength(config.region === undefined ? 0 : 1);
    const sources = stage.ofType('AWS::Logs::DeliverySource').map(({ properties }) => properties.LogType);
    expect(sources).toEqual(deliveries.map(() => 'ACCESS_LOGS'));
  });
});
