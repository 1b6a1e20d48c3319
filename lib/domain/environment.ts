/** The processes that are configured by environment variables. */
export const PROCESS_NAMES = ['encoder', 'ingest-auth', 'control-api'] as const;
export type ProcessName = (typeof PROCESS_NAMES)[number];

/** An environment variable. */
interface EnvironmentVariable {
  /** What the value is. Error messages show it. */
  readonly explanation: string;
  readonly readBy: readonly ProcessName[];
}

/** Every environment variable that Headend's own code reads. The AWS SDK reads its own variables as well. */
export const ENVIRONMENT_VARIABLES = {
  LOG_LEVEL: { explanation: 'lowest level that is logged', readBy: ['encoder', 'ingest-auth', 'control-api'] },
  STREAMS_TABLE: {
    explanation: 'name of the DynamoDB table of streams',
    readBy: ['encoder', 'ingest-auth', 'control-api'],
  },
  STREAM_KEYS_TABLE: {
    explanation: 'name of the DynamoDB table of stream key hashes',
    readBy: ['ingest-auth', 'control-api'],
  },
  LIVE_TABLE: { explanation: 'name of the DynamoDB table of live streams', readBy: ['encoder', 'control-api'] },
  TASKS_TABLE: { explanation: 'name of the DynamoDB table of encoder tasks', readBy: ['encoder', 'control-api'] },
  ADMIN_TOKENS_TABLE: { explanation: 'name of the DynamoDB table of admin token hashes', readBy: ['control-api'] },
  SESSIONS_TABLE: {
    explanation: 'name of the DynamoDB table of sessions and invitations to them',
    readBy: ['control-api'],
  },
  IDEMPOTENCY_TABLE: { explanation: 'name of the DynamoDB table of idempotency keys', readBy: ['control-api'] },
  AUDIT_TABLE: { explanation: 'name of the DynamoDB table of the audit trail', readBy: ['control-api'] },
  EVENTS_TABLE: {
    explanation: 'name of the DynamoDB table of what happened to streams',
    readBy: ['encoder', 'control-api'],
  },
  PURGES_TABLE: { explanation: 'name of the DynamoDB table of purges', readBy: ['control-api'] },
  DISTRIBUTION_ID: {
    explanation: 'id of the CloudFront distribution whose caches purges clear',
    readBy: ['control-api'],
  },
  INGEST_AUTH_FUNCTION: { explanation: 'name of the ingest-auth Lambda function', readBy: ['encoder'] },
  PUBLISH_MODE: {
    explanation: "who knows the stream keys: the control API's streams (keys) or your own backend (webhook)",
    readBy: ['ingest-auth', 'control-api'],
  },
  WEBHOOK_URL: {
    explanation: 'where your backend is asked about a publish, as in https://backend.example.com/publish',
    readBy: ['ingest-auth'],
  },
  WEBHOOK_SECRET: { explanation: 'secret that signs requests to your backend', readBy: ['ingest-auth'] },
  WEBHOOK_SECRET_ARN: {
    explanation: 'ARN of the Secrets Manager secret that signs requests to your backend',
    readBy: ['ingest-auth'],
  },
  DEFAULT_LADDER: {
    explanation: 'ladder of a stream that does not name one',
    readBy: ['ingest-auth', 'control-api'],
  },
  DEFAULT_LATENCY: {
    explanation: 'latency profile of a stream that does not name one',
    readBy: ['ingest-auth', 'control-api'],
  },
  DEFAULT_CODECS: {
    explanation: 'codecs of a stream that does not name any, as in h264,hevc,av1',
    readBy: ['ingest-auth', 'control-api'],
  },
  DEFAULT_PLAYBACK: { explanation: 'who may watch a stream that does not say so itself', readBy: ['control-api'] },
  ADMIN_TOKEN_HASHES: {
    explanation: 'hashes of the bootstrap admin tokens; the API creates further tokens',
    readBy: ['control-api'],
  },
  VIEWER_TOKEN_KEYS: {
    explanation: 'one or two keys of viewer tokens as JSON: {"current": ID, "keys": {ID: SECRET, ...}}',
    readBy: ['control-api'],
  },
  VIEWER_TOKEN_SECRET_ARN: {
    explanation: 'ARN of the Secrets Manager secret that holds the keys of viewer tokens as JSON',
    readBy: ['control-api'],
  },
  OIDC_ISSUER: {
    explanation: 'OpenID Connect provider at which people sign in, as in https://accounts.example.com',
    readBy: ['control-api'],
  },
  OIDC_CLIENT_ID: { explanation: 'what that provider calls this deployment', readBy: ['control-api'] },
  OIDC_CLIENT_SECRET: {
    explanation: 'secret by which that provider knows this deployment, unless it is a public client',
    readBy: ['control-api'],
  },
  OIDC_CLIENT_SECRET_ARN: {
    explanation: 'ARN of the Secrets Manager secret by which that provider knows this deployment',
    readBy: ['control-api'],
  },
  OIDC_ROLE_CLAIM: { explanation: 'claim that says what somebody may do, as in groups', readBy: ['control-api'] },
  OIDC_ROLES: {
    explanation: 'values of that claim that give a role, as JSON: {"owner": ["staff"], "broadcaster": ["crew"]}',
    readBy: ['control-api'],
  },
  RTMP_URL: {
    explanation: 'where broadcasters publish, as in rtmp://ingest.example.com/live',
    readBy: ['control-api'],
  },
  RTMPS_URL: {
    explanation: 'where broadcasters publish over TLS, as in rtmps://ingest.example.com/live',
    readBy: ['control-api'],
  },
  PLAYBACK_BASE_URL: {
    explanation: 'where viewers come in, without a trailing slash, as in https://live.example.com',
    readBy: ['control-api'],
  },
  PAGE_FILE: { explanation: 'path of the watch page as it was built', readBy: ['control-api'] },
  LISTEN_HOST: {
    explanation: 'address that both servers listen on: 0.0.0.0 in a container, 127.0.0.1 on a laptop',
    readBy: ['encoder'],
  },
  RTMP_LISTEN_HOSTS: {
    explanation: 'addresses that RTMP listens on instead, separated by commas, if only broadcasters come from outside',
    readBy: ['encoder'],
  },
  RTMP_PORT: { explanation: 'TCP port of the RTMP server, or 0 for a free one', readBy: ['encoder'] },
  RTMP_LIMITS: {
    explanation: 'changes to the limits of the RTMP server, as in maxConnections=50,idleTimeoutMs=10000',
    readBy: ['encoder'],
  },
  HTTP_PORT: { explanation: 'TCP port of the origin server, or 0 for a free one', readBy: ['encoder'] },
  INTERNAL_PORT: {
    explanation: 'TCP port of the server that only other tasks call, or 0 for a free one',
    readBy: ['encoder'],
  },
  TASK_ID: {
    explanation: "the task's id; in ECS it comes from the metadata endpoint",
    readBy: ['encoder'],
  },
  TASK_ADDRESS: {
    explanation: 'address at which other tasks reach this one; in ECS it comes from the metadata endpoint',
    readBy: ['encoder'],
  },
  CLUSTER_SECRET: { explanation: 'secret by which the tasks of a stage know each other', readBy: ['encoder'] },
  CLUSTER_SECRET_ARN: {
    explanation: 'ARN of the Secrets Manager secret by which the tasks of a stage know each other',
    readBy: ['encoder'],
  },
  EDGE_SECRET: { explanation: 'secret by which the origin knows the edge', readBy: ['encoder'] },
  EDGE_SECRET_ARN: {
    explanation: 'ARN of the Secrets Manager secret by which the origin and the control API know the edge',
    readBy: ['encoder', 'control-api'],
  },
  API_DOMAIN: {
    explanation: "the control API's own domain name, at which it answers requests that do not come through the edge",
    readBy: ['control-api'],
  },
  STOP_TIMEOUT_SECONDS: {
    explanation: 'how long a task that is told to stop may take to hand over its streams',
    readBy: ['encoder'],
  },
  DRAIN_MINUTES: {
    explanation: 'how long a task keeps its broadcasts after a deployment has started newer tasks',
    readBy: ['encoder'],
  },
  ECS_CONTAINER_METADATA_URI_V4: {
    explanation: "URL of ECS's task metadata endpoint, which ECS sets in every container",
    readBy: ['encoder'],
  },
  ECS_AGENT_URI: {
    explanation: "URL of ECS's agent, which ECS sets in every container",
    readBy: ['encoder'],
  },
  RECONNECT_WINDOW_SECONDS: {
    explanation: 'how long a stream waits for its publisher to come back before it ends',
    readBy: ['encoder'],
  },
  SLATE: {
    explanation:
      'whether viewers get a picture with silence while a stream waits for its publisher: on (default) or off',
    readBy: ['encoder'],
  },
  SLATE_IMAGE: {
    explanation: 'path of that picture, a PNG or JPEG; without it, a plain one has the title of the stream',
    readBy: ['encoder'],
  },
  CAPACITY_VCPUS: {
    explanation: "how much of a task's CPU its broadcasts may take together, in vCPUs, as in 1.9",
    readBy: ['encoder'],
  },
  EVENT_BUS_NAME: {
    explanation: 'name of the EventBridge bus that events are sent to',
    readBy: ['encoder', 'control-api'],
  },
  METRICS_NAMESPACE: { explanation: 'CloudWatch namespace of the metrics, as in Headend', readBy: ['encoder'] },
  METRICS_STAGE: {
    explanation: "the deployment's stage, which every metric has as its dimension",
    readBy: ['encoder'],
  },
} as const satisfies Record<string, EnvironmentVariable>;

type Variables = typeof ENVIRONMENT_VARIABLES;

/** A variable, or one that a certain process reads. */
export type VariableName<Process extends ProcessName = ProcessName> = {
  [Name in keyof Variables]: Process extends Variables[Name]['readBy'][number] ? Name : never;
}[keyof Variables];

/** Variables to start a process with. Its schema says which of them it needs, and what they may be. */
export type ProcessEnvironment<Process extends ProcessName> = {
  readonly [Name in VariableName<Process>]?: string;
};

/** The variables that a process reads. */
export function variablesOf<Process extends ProcessName>(process: Process): readonly VariableName<Process>[] {
  const entries: [string, EnvironmentVariable][] = Object.entries(ENVIRONMENT_VARIABLES);
  return entries.filter(([, { readBy }]) => readBy.includes(process)).map(([name]) => name as VariableName<Process>);
}

/** Where the ingest-auth function finds the stream keys. */
export const PUBLISH_MODES = ['keys', 'webhook'] as const;
export type PublishMode = (typeof PUBLISH_MODES)[number];
