import { CLOUDFRONT_REGION } from '#config/regions.ts';
import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import { type Json, type SynthesizedStage, synthesizeStage } from '#test/support/synthesized-stage.ts';

/** CloudFront's limit of the names of every kind of resource that has one. */
const LONGEST_NAME = 64;

/** The names of CloudFront's own resources, which are one for the whole account. They are texts or functions of CloudFormation. */
function cloudFrontNames(stage: SynthesizedStage): Json[] {
  return stage.resources
    .filter(({ type }) => type.startsWith('AWS::CloudFront::'))
    .flatMap(({ properties }) => [properties, ...Object.values(properties)])
    .flatMap((part: Json) => part?.Name ?? []);
}

describe.each(TESTED_STAGES)('names of stage $name', (config) => {
  let stage: SynthesizedStage;
  beforeAll(async () => {
    stage = await synthesizeStage(config);
  });
  const region = (): string => config.region ?? '{"Ref":"AWS::Region"}';

  test('in CloudFront, which has no regions, differ in each region of the stage', () => {
    const names = cloudFrontNames(stage).map((name) => JSON.stringify(name));
    // Six cache policies, four header policies, three functions, the key value store, the access to the bucket,
    // the origin.
    expect(names).toHaveLength(16);
    expect(names.filter((name) => !name.includes(region()))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  test('in CloudFront are short enough', () => {
    const names = cloudFrontNames(stage).map((name) => [name['Fn::Join']?.[1] ?? name].flat());
    for (const parts of names) {
      const text = parts.map((part: Json) => (typeof part === 'string' ? part : 'ap-southeast-1')).join('');
      // The names of policies may be longer.
      expect(text.length).toBeLessThanOrEqual(/Cache|Headers/.test(text) ? 128 : LONGEST_NAME);
    }
  });

  test("in CloudFront's region, where the stage of every region has stacks, differ too", () => {
    if (config.region === undefined) return expect(stage.ofType('AWS::Logs::DeliverySource')).toEqual([]);
    const inEdgeStacks = stage.resources.filter(({ stack }) => /-Edge/.test(stack));
    expect(inEdgeStacks.length).toBeGreaterThan(5);
    expect(inEdgeStacks.map(({ stack }) => stack).filter((name) => !name.endsWith(`-${config.region}`))).toEqual([]);
    const deliveries = ['AWS::Logs::DeliverySource', 'AWS::Logs::DeliveryDestination'].map(
      (type) => stage.only(type).properties.Name,
    );
    expect(deliveries).toEqual([`headend-${config.name}-${config.region}`, `headend-${config.name}-${config.region}`]);
    expect(CLOUDFRONT_REGION).toBe('us-east-1');
  });

  test('of roles, buckets, tables, budgets, dashboards and firewalls are left to CloudFormation', () => {
    const named = stage.resources.filter(({ type, properties }) => {
      const name = {
        'AWS::IAM::Role': properties.RoleName,
        'AWS::S3::Bucket': properties.BucketName,
        'AWS::DynamoDB::GlobalTable': properties.TableName,
        'AWS::Budgets::Budget': properties.Budget?.BudgetName,
        'AWS::CloudWatch::Dashboard': properties.DashboardName,
        'AWS::WAFv2::WebACL': properties.Name,
        'AWS::SNS::Topic': properties.TopicName,
        'AWS::SecretsManager::Secret': properties.Name,
      }[type];
      return name !== undefined;
    });
    expect(named).toEqual([]);
  });

  test('only six cache policies are made: an account has twenty', () => {
    expect(stage.ofType('AWS::CloudFront::CachePolicy')).toHaveLength(6);
    expect(stage.ofType('AWS::CloudFront::ResponseHeadersPolicy')).toHaveLength(4);
  });
});
