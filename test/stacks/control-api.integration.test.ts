import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import { type Json, type SynthesizedStage, synthesizeStage } from '#test/support/synthesized-stage.ts';

describe.each(TESTED_STAGES)('the control API of stage $name', (config) => {
  let stage: SynthesizedStage;
  beforeAll(async () => {
    stage = await synthesizeStage(config);
  });

  test('no stranger can use up what the gateway lets through', () => {
    const { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst } =
      stage.only('AWS::ApiGatewayV2::Stage').properties.DefaultRouteSettings;
    expect(rate).toBeGreaterThanOrEqual(1_000);
    // The default quota of concurrent executions is 1,000, and ingest-auth needs some of them.
    expect(burst).toBeGreaterThanOrEqual(200);
    expect(burst).toBeLessThanOrEqual(500);
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
