import { Duration } from 'aws-cdk-lib';
import type { IDistribution } from 'aws-cdk-lib/aws-cloudfront';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import type { ProcessEnvironment } from '#domain/environment.ts';
import { NodeFunction } from './node-function.ts';
import type { StreamTables } from './stream-tables.ts';
import type { ViewerTokenSecret } from './viewer-token-secret.ts';

export interface ControlApiFunctionProps
  extends Pick<
    ResolvedStage,
    'apiDomain' | 'publishMode' | 'signIn' | 'ladder' | 'latency' | 'codecs' | 'playback' | 'logRetentionDays'
  > {
  readonly codePath: string;
  readonly tables: StreamTables;
  /** Gets an event for every change. */
  readonly eventBus: IEventBus;
  /** Null for RTMPS only. */
  readonly rtmpUrl: string | null;
  /** Null without RTMPS. */
  readonly rtmpsUrl: string | null;
  readonly playbackBaseUrl: string;
  readonly viewerTokenSecret: ViewerTokenSecret;
  /** By which the function knows CloudFront. */
  readonly edgeSecret: Secret;
  /** Whose caches a purge clears. */
  readonly distribution: IDistribution;
}

/** A cold start parses half a megabyte of JavaScript. Lambda gives more CPU to functions with more memory. */
const MEMORY_MIB = 1024;
const TIMEOUT = Duration.seconds(10);
/** In the folder of the code, which is Lambda's working directory. */
const PAGE_FILE = 'watch.html';

/** The control API's Lambda function. */
export class ControlApiFunction extends Construct {
  readonly nodeFunction: NodeFunction;

  constructor(scope: Construct, id: string, props: ControlApiFunctionProps) {
    super(scope, id);
    this.nodeFunction = new NodeFunction(this, 'ControlApi', {
      codePath: props.codePath,
      description: 'Headend: control API',
      environment: environment(props),
      memoryMib: MEMORY_MIB,
      timeout: TIMEOUT,
      logRetentionDays: props.logRetentionDays,
    });
    props.viewerTokenSecret.secret.grantRead(this.nodeFunction.function);
    props.edgeSecret.grantRead(this.nodeFunction.function);
    const clientSecretArn = props.signIn?.oidc.clientSecretArn ?? null;
    if (clientSecretArn !== null) {
      Secret.fromSecretCompleteArn(this, 'ClientSecret', clientSecretArn).grantRead(this.nodeFunction.function);
    }
    props.eventBus.grantPutEventsTo(this.nodeFunction.function);
    props.distribution.grant(this.nodeFunction.function, 'cloudfront:CreateInvalidation', 'cloudfront:GetInvalidation');
    props.tables.grant(this.nodeFunction.function, {
      STREAMS_TABLE: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem', 'dynamodb:Scan'],
      STREAM_KEYS_TABLE: ['dynamodb:PutItem', 'dynamodb:DeleteItem'],
      LIVE_TABLE: ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:UpdateItem'],
      TASKS_TABLE: ['dynamodb:Scan', 'dynamodb:UpdateItem'],
      ADMIN_TOKENS_TABLE: [
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
        'dynamodb:DeleteItem',
        'dynamodb:Scan',
      ],
      SESSIONS_TABLE: [
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
        'dynamodb:DeleteItem',
        'dynamodb:Query',
      ],
      IDEMPOTENCY_TABLE: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
      AUDIT_TABLE: ['dynamodb:PutItem', 'dynamodb:Query'],
      PURGES_TABLE: ['dynamodb:GetItem', 'dynamodb:PutItem'],
      EVENTS_TABLE: ['dynamodb:PutItem', 'dynamodb:Query'],
    });
    if (props.publishMode === 'keys') props.tables.grantIndexQueries(this.nodeFunction.function, 'STREAMS_TABLE');
  }
}

function environment(props: ControlApiFunctionProps): ProcessEnvironment<'control-api'> {
  return {
    LOG_LEVEL: 'info',
    ...props.tables.names(
      'STREAMS_TABLE',
      'STREAM_KEYS_TABLE',
      'LIVE_TABLE',
      'TASKS_TABLE',
      'ADMIN_TOKENS_TABLE',
      'SESSIONS_TABLE',
      'IDEMPOTENCY_TABLE',
      'AUDIT_TABLE',
      'PURGES_TABLE',
      'EVENTS_TABLE',
    ),
    EVENT_BUS_NAME: props.eventBus.eventBusName,
    DISTRIBUTION_ID: props.distribution.distributionId,
    ...(props.rtmpUrl !== null && { RTMP_URL: props.rtmpUrl }),
    ...(props.rtmpsUrl !== null && { RTMPS_URL: props.rtmpsUrl }),
    PLAYBACK_BASE_URL: props.playbackBaseUrl,
    PUBLISH_MODE: props.publishMode,
    PAGE_FILE,
    DEFAULT_LADDER: props.ladder,
    DEFAULT_LATENCY: props.latency,
    DEFAULT_CODECS: props.codecs.join(),
    DEFAULT_PLAYBACK: props.playback,
    VIEWER_TOKEN_SECRET_ARN: props.viewerTokenSecret.secret.secretArn,
    EDGE_SECRET_ARN: props.edgeSecret.secretArn,
    ...(props.signIn !== null && oidcEnvironment(props.signIn.oidc)),
    ...(props.apiDomain !== null && { API_DOMAIN: props.apiDomain.domainName }),
  };
}

function oidcEnvironment({
  issuer,
  clientId,
  clientSecretArn,
  roleClaim,
  roles,
}: NonNullable<ResolvedStage['signIn']>['oidc']): ProcessEnvironment<'control-api'> {
  return {
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: clientId,
    ...(clientSecretArn !== null && { OIDC_CLIENT_SECRET_ARN: clientSecretArn }),
    OIDC_ROLE_CLAIM: roleClaim,
    OIDC_ROLES: JSON.stringify(roles),
  };
}
