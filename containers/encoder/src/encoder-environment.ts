import * as z from 'zod/mini';
import { MAX_CAPACITY_VCPUS, MAX_STOP_TIMEOUT_SECONDS } from '#domain/encoder-capacity.ts';
import type { VariableName } from '#domain/environment.ts';
import { MAX_DRAIN_MINUTES, MAX_RECONNECT_WINDOW_SECONDS } from '#domain/streams.ts';
import {
  bothOrNeither,
  decimalNumber,
  logLevel,
  matching,
  notBoth,
  oneOf,
  optional,
  parsedBy,
  port,
  readEnvironment,
  text,
  wholeNumber,
} from '#runtime/environment.ts';
import { toSecretSource } from '#runtime/stored-secret.ts';
import { DEFAULT_RTMP_LIMITS, parseRtmpLimits } from './guard/rtmp-limits.ts';
import { METRICS_NAMESPACE_PATTERN, METRICS_STAGE_PATTERN, type MetricsTarget } from './telemetry/metrics-target.ts';

const variables = {
  LOG_LEVEL: logLevel,
  LIVE_TABLE: text,
  TASKS_TABLE: text,
  EVENTS_TABLE: text,
  STREAMS_TABLE: optional(text),
  INGEST_AUTH_FUNCTION: text,
  LISTEN_HOST: text,
  RTMP_LISTEN_HOSTS: optional(text),
  RTMP_PORT: port,
  RTMP_LIMITS: z._default(parsedBy(parseRtmpLimits), DEFAULT_RTMP_LIMITS),
  HTTP_PORT: port,
  INTERNAL_PORT: port,
  TASK_ID: optional(text),
  TASK_ADDRESS: optional(text),
  CLUSTER_SECRET: optional(text),
  CLUSTER_SECRET_ARN: optional(text),
  EDGE_SECRET: optional(text),
  EDGE_SECRET_ARN: optional(text),
  STOP_TIMEOUT_SECONDS: wholeNumber(1, MAX_STOP_TIMEOUT_SECONDS),
  DRAIN_MINUTES: wholeNumber(0, MAX_DRAIN_MINUTES),
  ECS_CONTAINER_METADATA_URI_V4: optional(text),
  ECS_AGENT_URI: optional(text),
  RECONNECT_WINDOW_SECONDS: wholeNumber(0, MAX_RECONNECT_WINDOW_SECONDS),
  SLATE: z._default(oneOf(['on', 'off']), 'on'),
  SLATE_IMAGE: optional(text),
  CAPACITY_VCPUS: decimalNumber(0.1, MAX_CAPACITY_VCPUS),
  EVENT_BUS_NAME: optional(text),
  // CloudWatch silently drops a log line with a bad name, so both names are checked here.
  METRICS_NAMESPACE: optional(matching(METRICS_NAMESPACE_PATTERN, 'have only letters, digits and .-_/#:')),
  METRICS_STAGE: optional(matching(METRICS_STAGE_PATTERN, 'be printable ASCII without a leading space')),
} satisfies Record<VariableName<'encoder'>, z.ZodMiniType>;

const schema = z.pipe(
  z
    .object(variables)
    .check(
      bothOrNeither('METRICS_NAMESPACE', 'METRICS_STAGE'),
      notBoth('CLUSTER_SECRET', 'CLUSTER_SECRET_ARN'),
      notBoth('EDGE_SECRET', 'EDGE_SECRET_ARN'),
    ),
  z.transform((values) => {
    const { METRICS_NAMESPACE: namespace, METRICS_STAGE: stage, CLUSTER_SECRET, CLUSTER_SECRET_ARN, ...rest } = values;
    const { EDGE_SECRET, EDGE_SECRET_ARN, ...others } = rest;
    const metricsTarget: MetricsTarget | null = namespace === null || stage === null ? null : { namespace, stage };
    const clusterSecret = toSecretSource(CLUSTER_SECRET, CLUSTER_SECRET_ARN);
    return { ...others, metricsTarget, clusterSecret, edgeSecret: toSecretSource(EDGE_SECRET, EDGE_SECRET_ARN) };
  }),
);

/** The encoder's variables. Those that are optional and unset are null. */
export type EncoderEnvironment = Readonly<z.infer<typeof schema>>;

/** Reads them. Throws one error that lists every variable that is missing or wrong. */
export const readEncoderEnvironment = (source: NodeJS.ProcessEnv): EncoderEnvironment =>
  readEnvironment('encoder', schema, source);
