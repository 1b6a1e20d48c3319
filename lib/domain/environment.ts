/** Every environment variable that Headend's own code reads, and what it holds. AWS's own variables are the SDK's business. */
export const ENVIRONMENT_VARIABLES = {
  LOG_LEVEL: 'least severe level that is logged: trace, debug, info, warn, error or fatal',
  STREAMS_TABLE: 'name of the DynamoDB table of streams',
  STREAM_KEYS_TABLE: "name of the DynamoDB table of stream keys' hashes",
  LIVE_TABLE: 'name of the DynamoDB table of live streams',
  ADMIN_TOKENS_TABLE: "name of the DynamoDB table of admin tokens' hashes",
  IDEMPOTENCY_TABLE: 'name of the DynamoDB table of requests that may be repeated',
  INGEST_AUTH_FUNCTION: 'name of the ingest-auth Lambda function',
  PUBLISH_MODE: "who knows the stream keys: 'keys' for the control API's streams, 'webhook' for a backend of your own",
  WEBHOOK_URL: 'where the backend is asked, as in https://backend.example.com/publish',
  WEBHOOK_SECRET: 'what requests to the backend are signed with, at least 32 characters',
  WEBHOOK_SECRET_ARN: 'ARN of the Secrets Manager secret whose text requests to the backend are signed with',
  DEFAULT_LADDER: 'ladder of a stream that names none, as in 720p',
  DEFAULT_LATENCY: 'latency profile of a stream that names none: ultra, low or standard',
  DEFAULT_PLAYBACK: 'who may watch a stream that says nothing of it: public or token',
  ADMIN_TOKEN_HASHES:
    'SHA-256 of each bootstrap admin token in lower-case hex, separated by commas; the API makes further tokens',
  VIEWER_TOKEN_KEYS: 'keys of viewer tokens as JSON: {"current": ID, "keys": {ID: SECRET, ...}}, one key or two',
  VIEWER_TOKEN_SECRET_ARN: 'ARN of the Secrets Manager secret that holds the keys of viewer tokens as that JSON',
  RTMP_URL: 'where broadcasters publish, as in rtmp://ingest.example.com/live',
  RTMPS_URL: 'where broadcasters publish over TLS, as in rtmps://ingest.example.com/live',
  PLAYBACK_BASE_URL: 'where viewers come in, without a trailing slash, as in https://live.example.com',
  LISTEN_HOST: 'address that the encoder listens on: 0.0.0.0 in a container, 127.0.0.1 on a laptop',
  RTMP_PORT: 'TCP port of the RTMP listener',
  RTMP_LIMITS: 'changes to the limits of the RTMP listener, as in maxConnections=50,idleTimeoutMs=10000',
  HTTP_PORT: 'TCP port of the origin server',
  RECONNECT_WINDOW_SECONDS: 'how long a stream waits for its publisher to come back before it ends',
  STREAM_SLOTS: 'broadcasts that one encoder task takes at once, from 1 to 100',
  EVENT_BUS_NAME: 'name of the EventBridge bus that events go to',
  METRICS_NAMESPACE: 'CloudWatch namespace of the metrics, as in Headend',
  METRICS_STAGE: "the deployment's stage: the value of the metrics' one dimension",
} as const satisfies Record<string, string>;

export type VariableName = keyof typeof ENVIRONMENT_VARIABLES;

/** Where the ingest-auth function finds the stream keys. */
export const PUBLISH_MODES = ['keys', 'webhook'] as const;
export type PublishMode = (typeof PUBLISH_MODES)[number];

/** The variables that each process reads, all of them required. What only one mode of a process needs is the mode's. */
export const PROCESS_ENVIRONMENTS = {
  encoder: [
    'LOG_LEVEL',
    'LIVE_TABLE',
    'INGEST_AUTH_FUNCTION',
    'LISTEN_HOST',
    'RTMP_PORT',
    'HTTP_PORT',
    'RECONNECT_WINDOW_SECONDS',
    'STREAM_SLOTS',
  ],
  'encoder with an event bus': ['EVENT_BUS_NAME'],
  'encoder with metrics': ['METRICS_NAMESPACE', 'METRICS_STAGE'],
  'encoder with limits of its own': ['RTMP_LIMITS'],
  'ingest-auth': ['LOG_LEVEL', 'PUBLISH_MODE'],
  'ingest-auth in keys mode': ['STREAMS_TABLE', 'STREAM_KEYS_TABLE'],
  'ingest-auth in webhook mode': ['WEBHOOK_URL', 'DEFAULT_LADDER', 'DEFAULT_LATENCY'],
  // One of these two. In the cloud no secret stands in a function's environment, where every reader of its settings sees it.
  'ingest-auth with a secret at hand': ['WEBHOOK_SECRET'],
  'ingest-auth with a stored secret': ['WEBHOOK_SECRET_ARN'],
  'control-api': [
    'LOG_LEVEL',
    'STREAMS_TABLE',
    'STREAM_KEYS_TABLE',
    'LIVE_TABLE',
    'ADMIN_TOKENS_TABLE',
    'IDEMPOTENCY_TABLE',
    'RTMP_URL',
    'PLAYBACK_BASE_URL',
    'DEFAULT_LADDER',
    'DEFAULT_LATENCY',
    'DEFAULT_PLAYBACK',
  ],
  'control-api with bootstrap tokens': ['ADMIN_TOKEN_HASHES'],
  'control-api with RTMPS': ['RTMPS_URL'],
  'control-api with viewer tokens at hand': ['VIEWER_TOKEN_KEYS'],
  'control-api with stored viewer token keys': ['VIEWER_TOKEN_SECRET_ARN'],
} as const satisfies Record<string, readonly VariableName[]>;

export type ProcessName = keyof typeof PROCESS_ENVIRONMENTS;

/** One process's variables with their values, none of them empty. */
export type ProcessEnvironment<Name extends ProcessName> = Readonly<
  Record<(typeof PROCESS_ENVIRONMENTS)[Name][number], string>
>;
