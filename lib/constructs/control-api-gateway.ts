import { Stack, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  ApiMapping,
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
import { makeLogGroup } from './stage-retention.ts';

export interface ControlApiGatewayProps extends Pick<ResolvedStage, 'apiDomain' | 'logRetentionDays'> {
  /** The zone in which the API's domain gets its record. Null to create none. */
  readonly hostedZone: IHostedZone | null;
}

/**
 * Requests per second, of all callers together. It only keeps a flood from taking the account's concurrent executions, 1,000
 * unless it was raised, from ingest-auth: a refusal takes milliseconds, so even this rate holds few of them, and no burst more
 * than half. It must not be low, because a stranger could use it up. The function limits each caller.
 */
const THROTTLE = { rateLimit: 1_000, burstLimit: 500 };

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

  constructor(scope: Construct, id: string, props: ControlApiGatewayProps) {
    super(scope, id);
    this.httpApi = new HttpApi(this, 'HttpApi', { createDefaultStage: false, description: 'Headend: control API' });
    const stage = this.#makeStage(props.logRetentionDays);
    const { region, urlSuffix } = Stack.of(this);
    this.host = `${this.httpApi.httpApiId}.execute-api.${region}.${urlSuffix}`;
    this.ownUrl = props.apiDomain === null ? null : `https://${props.apiDomain.domainName}/api`;
    if (props.apiDomain !== null) this.#addDomain(props.apiDomain, stage, props.hostedZone);
  }

  /** Sends every request to the function. `scope` owns the route, so the function may be in a later stack. */
  addFunction(scope: Construct, handler: IFunction): void {
    const route = new HttpRoute(scope, 'Route', {
      httpApi: this.httpApi,
      routeKey: HttpRouteKey.with('/{proxy+}', HttpMethod.ANY),
      integration: new HttpLambdaIntegration('Integration', handler),
    });
    Validations.of(route).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason:
        'The function checks every bearer token. Only health, the OpenAPI document and its page are public. It refuses what does not come through CloudFront.',
    });
  }

  #makeStage(retentionDays: number): HttpStage {
    const logGroup = makeLogGroup(this, 'AccessLog', retentionDays);
    return new HttpStage(this, 'Stage', {
      httpApi: this.httpApi,
      stageName: '$default',
      autoDeploy: true,
      throttle: THROTTLE,
      detailedMetricsEnabled: false,
      accessLogSettings: {
        destination: new LogGroupLogDestination(logGroup),
        format: AccessLogFormat.jsonWithStandardFields(),
      },
    });
  }

  #addDomain(
    { domainName, certificateArn }: NonNullable<ResolvedStage['apiDomain']>,
    stage: HttpStage,
    hostedZone: IHostedZone | null,
  ): void {
    const domain = new DomainName(this, 'Domain', {
      domainName,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
    });
    new ApiMapping(this, 'Mapping', { api: this.httpApi, domainName: domain, stage });
    if (hostedZone === null) return;
    const target = new ApiGatewayv2DomainProperties(domain.regionalDomainName, domain.regionalHostedZoneId);
    new ARecord(this, 'Record', {
      zone: hostedZone,
      recordName: `${domainName}.`,
      target: RecordTarget.fromAlias(target),
    });
  }
}
