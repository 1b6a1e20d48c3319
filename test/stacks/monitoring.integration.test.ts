import type { StageConfig } from '#config/stage-config.ts';
import { ladderRungs } from '#domain/ladders.ts';
import { TABLES } from '#domain/tables.ts';
import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import { type Json, type SynthesizedStage, synthesizeStage } from '#test/support/synthesized-stage.ts';

const PLATFORM_ALARMS = [
  'NoHealthyTask',
  'TaskMemory',
  'EncoderFallingBehind',
  'EncoderRestarts',
  'NoRoom',
  'PublishesWithoutRoom',
  'IngestAuthErrors',
  'IngestAuthThrottles',
  'ControlApiErrors',
  'ControlApiThrottles',
  'OriginErrors',
  'OriginRequestsPerStream',
  'DatabaseReadThrottles',
  'DatabaseWriteThrottles',
];

/** The alarms that a stage must have, by the words in their logical ids. */
function alarmsOf({ publishMode, region, viewerDomain, ingestDomain, apiDomain }: StageConfig): string[] {
  return [
    ...PLATFORM_ALARMS,
    ...(publishMode === 'webhook' ? ['WebhookFailing'] : []),
    ...(ingestDomain === undefined ? [] : ['IngestCertificate']),
    ...(apiDomain === undefined ? [] : ['ApiCertificate']),
    // CloudFront's metrics are in us-east-1. A stage whose region is unknown can't refer to them.
    ...(region === undefined ? [] : ['DeliveryErrors']),
    ...(viewerDomain === undefined ? [] : ['ViewerCertificate']),
  ];
}

describe.each(TESTED_STAGES)('monitoring of stage $name', (config) => {
  let stage: SynthesizedStage;
  beforeAll(async () => {
    stage = await synthesizeStage(config);
  });

  test('every alarm notifies the topic of its own stack when it starts and ends, and has a description', () => {
    const alarms = stage.ofType('AWS::CloudWatch::Alarm');
    const expected = alarmsOf(config);
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

  test('every topic lets alarms and budgets of this account publish, and nobody without TLS', () => {
    const topics = stage.ofType('AWS::SNS::Topic');
    expect(topics).toHaveLength(config.region === undefined ? 1 : 2);
    for (const { stack, logicalId } of topics) {
      const policies = stage.ofType('AWS::SNS::TopicPolicy').filter((policy) => policy.stack === stack);
      const statements = policies.flatMap(({ properties }) => properties.PolicyDocument.Statement);
      const topic = { Ref: logicalId };
      expect(policies.map(({ properties }) => properties.Topics)).toEqual([[topic]]);
      const isForEvents = ({ Principal }: Json): boolean => Principal.Service === 'events.amazonaws.com';
      expect(statements.filter((each) => each.Effect === 'Allow' && !isForEvents(each))).toMatchObject([
        {
          Principal: { Service: ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com'] },
          Action: 'sns:Publish',
          Resource: topic,
          Condition: { StringEquals: { 'aws:SourceAccount': config.account ?? { Ref: 'AWS::AccountId' } } },
        },
      ]);
      expect(statements.filter(({ Effect }) => Effect === 'Deny')).toMatchObject([
        { Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      ]);
    }
  });

  test('the share of origin errors counts requests for which there was no task', () => {
    const { expression, metrics } = mathOf(stage, 'OriginErrors');
    expect(expression).toBe('100 * (FILL(target, 0) + FILL(balancer, 0)) / (FILL(requests, 0) + FILL(unrouted, 0))');
    expect(metrics).toEqual({
      target: 'HTTPCode_Target_5XX_Count',
      balancer: 'HTTPCode_ELB_5XX_Count',
      requests: 'RequestCount',
      unrouted: 'HTTPCode_ELB_503_Count',
    });
  });

  test('the origin may be asked for every rendition of a live stream by every cache, and no more', () => {
    const { expression, metrics, threshold } = mathOf(stage, 'OriginRequestsPerStream');
    expect(metrics).toEqual({ requests: 'RequestCount', reports: 'StreamsLive' });
    // 20 reports of each task in five minutes.
    expect(expression).toBe('IF(reports > 0, (requests / 5) / (reports / 20), 0)');
    const oneCache = 600 * (ladderRungs(config.ladder ?? '720p').length + 1);
    expect(threshold).toBe(config.originShieldRegion === undefined ? 15 * oneCache : oneCache);
  });

  test.each(['Read', 'Write'])('throttled %ss of every table raise one alarm', (kind) => {
    const { metrics } = mathOf(stage, `Database${kind}Throttles`);
    expect(Object.values(metrics)).toEqual(TABLES.map(() => `${kind}ThrottleEvents`));
  });

  test('a failed deployment of the encoder tasks is a notice', () => {
    const { properties, stack } = stage.only('AWS::Events::Rule');
    expect(properties.EventPattern).toMatchObject({
      source: ['aws.ecs'],
      'detail-type': ['ECS Deployment State Change'],
      detail: { eventName: ['SERVICE_DEPLOYMENT_FAILED'] },
    });
    expect(properties.EventPattern.resources).toHaveLength(1);
    const topic = stage.ofType('AWS::SNS::Topic').find((candidate) => candidate.stack === stack);
    expect(properties.Targets).toMatchObject([{ Arn: { Ref: topic?.logicalId } }]);
    expect(properties.Targets[0].RoleArn).toBeUndefined();
  });

  test('the topic of failed deployments, and no other, lets EventBridge publish, which fulfils no condition', () => {
    const ruleStack = stage.only('AWS::Events::Rule').stack;
    for (const { stack, properties } of stage.ofType('AWS::SNS::TopicPolicy')) {
      const statements: Json[] = properties.PolicyDocument.Statement;
      const forEvents = statements.filter(({ Principal }) =>
        [Principal.Service].flat().includes('events.amazonaws.com'),
      );
      const allowed = { Action: 'sns:Publish', Effect: 'Allow', Resource: properties.Topics[0] };
      expect(forEvents).toMatchObject(stack === ruleStack ? [allowed] : []);
      for (const statement of forEvents) expect(statement).not.toHaveProperty('Condition');
    }
  });

  test('the alarm of a certificate that has expired, about which there are no more data, goes on', () => {
    const ofCertificates = stage
      .ofType('AWS::CloudWatch::Alarm')
      .filter(({ properties }) => properties.MetricName === 'DaysToExpiry');
    expect(ofCertificates).toHaveLength(alarmsOf(config).filter((name) => name.endsWith('Certificate')).length);
    for (const { properties } of ofCertificates) expect(properties.TreatMissingData).toBe('ignore');
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
    const notices = stage
      .ofType('AWS::Budgets::Budget')
      .flatMap(({ properties }) => properties.NotificationsWithSubscribers);
    for (const { Subscribers } of notices) {
      expect(Subscribers).toMatchObject([
        { SubscriptionType: 'SNS', Address: { Ref: expect.stringContaining('Topic') } },
      ]);
    }
  });

  test("CloudFront's access logs are delivered if the stage has a region", () => {
    const deliveries = stage.ofType('AWS::Logs::Delivery');
    expect(deliveries).toHaveLength(config.region === undefined ? 0 : 1);
    const sources = stage.ofType('AWS::Logs::DeliverySource').map(({ properties }) => properties.LogType);
    expect(sources).toEqual(deliveries.map(() => 'ACCESS_LOGS'));
  });

  test('log delivery may write if it acts for a delivery source of this account', () => {
    const policies = stage
      .ofType('AWS::S3::BucketPolicy')
      .flatMap(({ properties }) => properties.PolicyDocument.Statement);
    const deliveries = policies.filter(({ Principal }) => Principal.Service === 'delivery.logs.amazonaws.com');
    expect(deliveries).toHaveLength(config.region === undefined ? 0 : 1);
    for (const { Condition } of deliveries) {
      expect(JSON.stringify(Condition.ArnLike['aws:SourceArn'])).toMatch(/:delivery-source:\*"/);
    }
  });
});

/** A metric math alarm: its expression, its metrics' names by id, and its threshold. */
function mathOf(stage: SynthesizedStage, name: string) {
  const alarms = stage.ofType('AWS::CloudWatch::Alarm').filter(({ logicalId }) => logicalId.includes(name));
  expect(alarms).toHaveLength(1);
  const { Metrics, Threshold } = alarms[0]?.properties ?? {};
  const named = Metrics.filter(({ MetricStat }: Json) => MetricStat !== undefined);
  return {
    expression: Metrics.find(({ Expression }: Json) => Expression !== undefined).Expression,
    metrics: Object.fromEntries(named.map(({ Id, MetricStat }: Json) => [Id, MetricStat.Metric.MetricName])),
    threshold: Threshold,
  };
}
