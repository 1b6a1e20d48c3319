import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
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
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { ARecord, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { ApiGatewayv2DomainProperties } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';

export interface ControlApiGatewayProps extends Pick<ResolvedStage, 'apiDomain' | 'logRetentionDays'> {
  /** Zone that the API's domain gets its record in; null makes none. */
  readonly hostedZone: IHostedZone | null;
}

/** An admin's scripts stay far below it; who guesses tokens does not get further. */
const THROTTLE = { rateLimit: 50, burstLimit: 100 };

/**
 * The control API's HTTP API, without its function: CloudFront needs the API's name, and the function needs CloudFront's, so the
 * function comes later (`addFunction`).
 */
export class ControlApiGateway extends Construct {
  readonly httpApi: HttpApi;
  /** Host name for CloudFront. */
  readonly host: string;
  /** Base URL below a domain of its own, ending with /api; null without one. */
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

  /** Sends every request to the function. `scope` owns the route, so that the function may live in a later stack. */
  addFunction(scope: Construct, handler: IFunction): void {
    const route = new HttpRoute(scope, 'Route', {
      httpApi: this.httpApi,
      routeKey: HttpRouteKey.with('/{proxy+}', HttpMethod.ANY),
      integration: new HttpLambdaIntegration('Integration', handler),
    });
    Validations.of(route).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason: "The function checks every request's bearer token; health, the OpenAPI document and its page are public.",
    });
  }

  #makeStage(retentionDays: number): HttpStage {
    const logGroup = new LogGroup(this, 'AccessLog', {
      retention: retentionDays as RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
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
