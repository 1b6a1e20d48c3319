import { OEMBED_PATH, PAGE_FALLBACK_STATUSES, PAGE_FILE_PATH } from '#domain/watch-pages.ts';
import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import { type Json, type SynthesizedStage, synthesizeStage } from '#test/support/synthesized-stage.ts';

describe.each(TESTED_STAGES)('the control API of stage $name', (config) => {
  let stage: SynthesizedStage;
  beforeAll(async () => {
    stage = await synthesizeStage(config);
  });

  test('no stranger can use up what the gateway lets through', () => {
    const { DefaultRouteSettings, RouteSettings } = stage.only('AWS::ApiGatewayV2::Stage').properties;
    const api = RouteSettings['ANY /{proxy+}'];
    expect(api.ThrottlingRateLimit).toBeGreaterThanOrEqual(1_000);
    expect(api.ThrottlingBurstLimit).toBeGreaterThanOrEqual(200);
    expect(DefaultRouteSettings).toMatchObject(api);
    // The default quota of concurrent executions is 1,000, and ingest-auth needs some of them.
    const bursts = Object.values<Json>(RouteSettings).map(({ ThrottlingBurstLimit: burst }) => burst);
    expect(bursts.reduce((sum, burst) => sum + burst, 0)).toBeLessThanOrEqual(500);
  });

  test('a flood of pages leaves the rest of the API alone: public routes have throttles of their own', () => {
    const { RouteSettings } = stage.only('AWS::ApiGatewayV2::Stage').properties;
    for (const path of [PAGE_FILE_PATH, OEMBED_PATH]) {
      expect(RouteSettings[`ANY ${path}`]).toEqual({ ThrottlingRateLimit: 200, ThrottlingBurstLimit: 100 });
    }
    // CloudFront shows the static page in place of a refusal.
    expect(PAGE_FALLBACK_STATUSES).toContain(429);
    const { OriginGroups, CacheBehaviors } = stage.only('AWS::CloudFront::Distribution').properties.DistributionConfig;
    const pages = CacheBehaviors.filter(({ PathPattern }: Json) => ['/watch/*', '/embed/*'].includes(PathPattern));
    expect(pages).toHaveLength(2);
    for (const { TargetOriginId } of pages) {
      const group = OriginGroups.Items.find(({ Id }: Json) => Id === TargetOriginId);
      expect(group.FailoverCriteria.StatusCodes.Items).toContain(429);
    }
  });

  test('every route with settings exists before the stage, and the stage before the mapping of its domain', () => {
    const apiStage = stage.only('AWS::ApiGatewayV2::Stage');
    const routes = stage.ofType('AWS::ApiGatewayV2::Route');
    expect(routes.map(({ properties }) => properties.RouteKey).toSorted()).toEqual(
      Object.keys(apiStage.properties.RouteSettings).toSorted(),
    );
    expect(new Set(routes.map(({ stack }) => stack))).toEqual(new Set([apiStage.stack]));
    expect(apiStage.attributes.DependsOn).toEqual(expect.arrayContaining(routes.map(({ logicalId }) => logicalId)));
    // Each of them calls the one function, and may.
    expect(new Set(routes.map(({ properties }) => JSON.stringify(properties.Target))).size).toBe(1);
    const permissions = stage
      .ofType('AWS::Lambda::Permission')
      .filter(({ properties }) => properties.Principal === 'apigateway.amazonaws.com')
      .map(({ properties }) => JSON.stringify(properties.SourceArn));
    expect(routes.filter(({ properties }) => !permissions.some((arn) => arn.includes(pathOf(properties))))).toEqual([]);
    const mappings = stage.ofType('AWS::ApiGatewayV2::ApiMapping');
    expect(mappings).toHaveLength(config.apiDomain == null ? 0 : 1);
    for (const { stack, attributes } of mappings) {
      expect([stack, attributes.DependsOn]).toEqual([apiStage.stack, expect.arrayContaining([apiStage.logicalId])]);
    }
  });

  test("CloudFront tells the API the viewer's address before anything else", () => {
    const { CacheBehaviors } = stage.only('AWS::CloudFront::Distribution').properties.DistributionConfig;
    const api = CacheBehaviors.find(({ PathPattern }: Json) => PathPattern === '/api/*');
    const [association, ...others] = api.FunctionAssociations;
    expect([association.EventType, others]).toEqual(['viewer-request', []]);
    const [id] = association.FunctionARN['Fn::GetAtt'];
    const found = stage.ofType('AWS::CloudFront::Function').find(({ logicalId }) => logicalId === id);
    expect(found?.properties.FunctionCode).toContain(
      "request.headers['x-headend-viewer-address'] = { value: viewer.ip }",
    );
  });

  test('the audit trail has a partition for each day, and entries that expire', () => {
    const table = stage.resources.find(({ logicalId }) => /^TablesAudit/.test(logicalId));
    expect(table?.properties).toMatchObject({
      KeySchema: [
        { AttributeName: 'day', KeyType: 'HASH' },
        { AttributeName: 'position', KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: 'expiresAtSeconds', Enabled: true },
    });
  });

  test('the function can add to the trail and read it, but not change it, and sends events to the bus of the stage', () => {
    const policies = stage
      .ofType('AWS::IAM::Policy')
      .filter(({ properties }) => properties.Roles.some(({ Ref }: Json) => /ControlApi/.test(Ref)));
    const statements: Json[] = policies.flatMap(({ properties }) => properties.PolicyDocument.Statement);
    const actionsOn = (resource: RegExp) =>
      statements.filter(({ Resource }) => resource.test(JSON.stringify(Resource))).flatMap(({ Action }) => Action);
    expect(actionsOn(/TablesAudit/).toSorted()).toEqual(['dynamodb:PutItem', 'dynamodb:Query']);
    expect(statements.filter(({ Action }) => [Action].flat().includes('events:PutEvents'))).toHaveLength(1);
    expect(actionsOn(/TablesAdminTokens/)).toContain('dynamodb:UpdateItem');
  });
});

const pathOf = ({ RouteKey }: Json): string => RouteKey.replace(/^ANY /, '');
