import { Stack, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  ApiMapping,
  type CfnStage,
  DomainName,
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { ARecord, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { ApiGatewayv2DomainProperties } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import { OEMBED_PATH, PAGE_FILE_PATH } from '#domain/watch-pages.ts';
import { makeLogGroup } from './stage-retention.ts';

export interface ControlApiGatewayProps extends Pick<ResolvedStage, 'apiDomain' | 'logRetentionDays'> {
  /** The zone in which the API's domain gets its record. Null to create none. */
  readonly hostedZone: IHostedZone | null;
}

/**
 * Requests per second, of all callers together, to the API itself. It only keeps a flood from taking the account's concurrent
 * executions, 1,000 unless it was raised, from ingest-auth: a refusal takes milliseconds, so even this rate holds few of them, and
 * the bursts of all routes together take no more than half. It must not be low, because a stranger could use it up. The function
 * limits each caller.
 */
const API_THROTTLE = { rateLimit: 1_000, burstLimit: 300 };
/**
 * The function does not limit who asks for pages, so a flood of these must not reach what is left for operators. Viewers do not
 * notice that one is refused: CloudFront keeps pages, and has the static page.
 */
const PAGE_THROTTLE = { rateLimit: 200, burstLimit: 100 };

/** By path. Each route has a throttle of its own, because what is left to the default shares it. */
const ROUTES = [
  { id: 'Route', path: '/{proxy+}', throttle: API_THROTTLE },
  { id: 'PageRoute', path: PAGE_FILE_PATH, throttle: PAGE_THROTTLE },
  { id: 'OEmbedRoute', path: OEMBED_PATH, throttle: PAGE_THROTTLE },
] as const;

/**
 * The control API's HTTP API, without its function. CloudFront needs the API's host name, and the function needs
 * CloudFront's, so the function is added later (`addFunction`).
 */
export class ControlApiGateway extends Construct {
  readonly httpApi: HttpApi;
  /** The host name that CloudFront uses as its origin. */
  readonly host: string;
  /** Base URL at the API's own domain, ending with /api. Null without such a domain. */
  readonly ownUrl: string | null;
  readonly #retentionDays: number;
  readonly #domain: DomainName | null;

  constructor(scope: Construct, id: string, props: ControlApiGatewayProps) {
    super(scope, id);
    this.httpApi = new HttpApi(this, 'HttpApi', { createDefaultStage: false, description: 'Headend: control API' });
    const { region, urlSuffix } = Stack.of(this);
    this.host = `${this.httpApi.httpApiId}.execute-api.${region}.${urlSuffix}`;
    this.ownUrl = props.apiDomain === null ? null : `https://${props.apiDomain.domainName}/api`;
    this.#retentionDays = props.logRetentionDays;
    this.#domain = props.apiDomain === null ? null : this.#addDomain(props.apiDomain, props.hostedZone);
  }

  /** Sends every request to the function. `scope` owns the routes and the stage, so the function may be in a later stack. */
  addFunction(scope: Construct, handler: IFunction): void {
    const integration = new HttpLambdaIntegration('Integration', handler);
    const routes = ROUTES.map(({ id, path }) => {
      const routeKey = HttpRouteKey.with(path, HttpMethod.ANY);
      return new HttpRoute(scope, id, { httpApi: this.httpApi, routeKey, integration });
    });
    for (const route of routes) {
      Validations.of(route).acknowledge({
        id: 'AwsSolutions-APIG4',
        reason:
          'The function checks every bearer token and every session. Only sign-in, health, the OpenAPI document, its page, pages of streams and oEmbed are public. It refuses what does not come through CloudFront.',
      });
    }
    const stage = this.#addStage(scope);
    // Settings of a route that does not exist yet make the stage fail.
    stage.node.addDependency(...routes);
    if (this.#domain === null) return;
    new ApiMapping(scope, 'Mapping', { api: this.httpApi, domainName: this.#domain, stage });
  }

  #addStage(scope: Construct): HttpStage {
    const logGroup = makeLogGroup(scope, 'AccessLog', this.#retentionDays);
    const stage = new HttpStage(scope, 'Stage', {
      httpApi: this.httpApi,
      stageName: '$default',
      autoDeploy: true,
      throttle: API_THROTTLE,
      detailedMetricsEnabled: false,
      accessLogSettings: {
        destination: new LogGroupLogDestination(logGroup),
        format: AccessLogFormat.jsonWithStandardFields(),
      },
    });
    const cfnStage = stage.node.defaultChild as CfnStage;
    // CloudFormation takes it as it is, so it has the names of API Gateway's own API.
    cfnStage.routeSettings = Object.fromEntries(
      ROUTES.map(({ path, throttle: { rateLimit, burstLimit } }) => [
        HttpRouteKey.with(path, HttpMethod.ANY).key,
        { ThrottlingRateLimit: rateLimit, ThrottlingBurstLimit: burstLimit },
      ]),
    );
    return stage;
  }

  #addDomain(
    { domainName, certificateArn }: NonNullable<ResolvedStage['apiDomain']>,
    hostedZone: IHostedZone | null,
  ): DomainName {
    const domain = new DomainName(this, 'Domain', {
      domainName,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
    });
    if (hostedZone === null) return domain;
    const target = new ApiGatewayv2DomainProperties(domain.regionalDomainName, domain.regionalHostedZoneId);
    new ARecord(this, 'Record', {
      zone: hostedZone,
      recordName: `${domainName}.`,
      target: RecordTarget.fromAlias(target),
    });
    return domain;
  }
}
