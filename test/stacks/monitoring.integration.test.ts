import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import { type Json, type SynthesizedStage, synthesizeStage } from '#test/support/synthesized-stage.ts';

const PLATFORM_ALARMS = [
  'NoHealthyTask',
  'EncoderFallingBehind',
  'EncoderRestarts',
  'NoRoom',
  'IngestAuthErrors',
  'OriginErrors',
];
const CLOUDFRONT_ALARMS = ['DeliveryErrors', 'LowCacheHitRate'];

describe.each(TESTED_STAGES)('monitoring of stage $name', (config) => {
  let stage: SynthesizedStage;
  beforeAll(async () => {
    stage = await synthesizeStage(config);
  });

  test('every alarm notifies the topic of its own stack when it starts and ends, and has a description', () => {
    const alarms = stage.ofType('AWS::CloudWatch::Alarm');
    const expected = [
      ...PLATFORM_ALARMS,
      ...(config.publishMode === 'webhook' ? ['WebhookFailing'] : []),
      // CloudFront's metrics are in us-east-1. A stage whose region is unknown can't refer to them.
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

  test('the alarm e-mail address of the stage is subscribed', () => {
    const addresses = stage.ofType('AWS::SNS::Subscription').map(({ properties }) => properties.Endpoint);
    const topics = config.region === undefined ? 1 : 2;
    expect(addresses).toEqual(config.alarmEmail === undefined ? [] : Array(topics).fill(config.alarmEmail));
  });

  test('the cache hit rate only counts while streams are watched', () => {
    const alarm = stage.ofType('AWS::CloudWatch::Alarm').find(({ logicalId }) => logicalId.includes('LowCacheHitRate'));
    if (config.region === undefined) return expect(alarm).toBeUndefined();
    const expression = alarm?.properties.Metrics.find((metric: Json) => metric.Expression !== undefined);
    expect(expression?.Expression).toMatch(/^IF\(requests > \d+, hits, 100\)$/);
    expect(alarm?.properties.Threshold).toBe(80);
  });

  test('the dashboard covers the whole path from broadcaster to viewer', () => {
    const body = JSON.stringify(stage.only('AWS::CloudWatch::Dashboard').properties.DashboardBody);
    for (const metric of [
      'StreamsLive',
      'RoomUsedVcpus',
      'CPUUtilization',
      'EncoderSpeed',
      'EncoderRestarts',
      'StreamsReduced',
      'QualitySteps',
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

  test('the stage has a budget if it sets one', () => {
    const budgets = stage.ofType('AWS::Budgets::Budget').map(({ properties }) => properties.Budget.BudgetLimit.Amount);
    expect(budgets).toEqual(config.monthlyBudgetUsd === undefined ? [] : [config.monthlyBudgetUsd]);
  });

  test("CloudFront's access logs are delivered if the stage has a region", () => {
    const deliveries = stage.ofType('AWS::Logs::Delivery');
    expect(deliveries).toHaveLength(config.region === undefined ? 0 : 1);
    const sources = stage.ofType('AWS::Logs::DeliverySource').map(({ properties }) => properties.LogType);
    expect(sources).toEqual(deliveries.map(() => 'ACCESS_LOGS'));
  });
});
