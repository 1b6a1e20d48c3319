import { Duration, Validations } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import type { ProcessEnvironment } from '#domain/environment.ts';
import { NodeFunction } from './node-function.ts';
import { toRemovalPolicy } from './stage-retention.ts';
import type { StreamTables } from './stream-tables.ts';

export interface IngestAuthFunctionProps
  extends Pick<
    ResolvedStage,
    'publishMode' | 'webhookUrl' | 'ladder' | 'latency' | 'codecs' | 'logRetentionDays' | 'removalPolicy'
  > {
  readonly codePath: string;
  readonly tables: StreamTables;
}

/** About a third of a vCPU. Hashing a key and reading two items takes milliseconds. */
const MEMORY_MIB = 512;
/** Covers reading the backend's secret and the 2 s that a backend may take. */
const TIMEOUT = Duration.seconds(8);

/** The Lambda function that decides who may publish. It checks Headend's own stream keys or asks a backend. */
export class IngestAuthFunction extends Construct {
  readonly nodeFunction: NodeFunction;
  /** Signs requests to the backend. Null without a backend. Secrets Manager generates its value. */
  readonly webhookSecret: Secret | null;

  constructor(scope: Construct, id: string, props: IngestAuthFunctionProps) {
    super(scope, id);
    this.webhookSecret = props.publishMode === 'webhook' ? this.#makeWebhookSecret(props) : null;
    this.nodeFunction = new NodeFunction(this, 'IngestAuth', {
      codePath: props.codePath,
      description: 'Headend: decides who may publish',
      environment: this.#environment(props),
      memoryMib: MEMORY_MIB,
      timeout: TIMEOUT,
      logRetentionDays: props.logRetentionDays,
    });
    const { role } = this.nodeFunction.function;
    if (role === undefined) throw new Error('the ingest-auth function has no role');
    if (this.webhookSecret !== null) this.webhookSecret.grantRead(role);
    else props.tables.grant(role, { STREAMS_TABLE: ['dynamodb:GetItem'], STREAM_KEYS_TABLE: ['dynamodb:GetItem'] });
  }

  #environment(props: IngestAuthFunctionProps): ProcessEnvironment<'ingest-auth'> {
    const shared = { LOG_LEVEL: 'info', PUBLISH_MODE: props.publishMode };
    if (this.webhookSecret === null) {
      return { ...shared, ...props.tables.names('STREAMS_TABLE', 'STREAM_KEYS_TABLE') };
    }
    return {
      ...shared,
      WEBHOOK_URL: props.webhookUrl ?? '',
      WEBHOOK_SECRET_ARN: this.webhookSecret.secretArn,
      DEFAULT_LADDER: props.ladder,
      DEFAULT_LATENCY: props.latency,
      DEFAULT_CODECS: props.codecs.join(),
    };
  }

  #makeWebhookSecret({ removalPolicy }: IngestAuthFunctionProps): Secret {
    const secret = new Secret(this, 'WebhookSecret', {
      description: 'Headend: signs the questions to your backend; give your backend the same value',
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
      removalPolicy: toRemovalPolicy(removalPolicy),
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'Your backend has the same value, so only you can rotate it. docs/operations.md says how.',
    });
    return secret;
  }
}
