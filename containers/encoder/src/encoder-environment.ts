import * as z from 'zod/mini';
import { MAX_CAPACITY_VCPUS } from '#domain/encoder-capacity.ts';
import type { VariableName } from '#domain/environment.ts';
import { MAX_RECONNECT_WINDOW_SECONDS } from '#domain/streams.ts';
import {
  bothOrNeither,
  decimalNumber,
  logLevel,
  matching,
  optional,
  parsedBy,
  port,
  readEnvironment,
  text,
  wholeNumber,
} from '#runtime/environment.ts';
import { DEFAULT_RTMP_LIMITS, parseRtmpLimits } from './guard/rtmp-limits.ts';
import { METRICS_NAMESPACE_PATTERN, METRICS_STAGE_PATTERN, type MetricsTarget } from './telemetry/metrics-target.ts';

const variables = {
  LOG_LEVEL: logLevel,
  LIVE_TABLE: text,
  INGEST_AUTH_FUNCTION: text,
  LISTEN_HOST: text,
  RTMP_PORT: port,
  RTMP_LIMITS: z._default(parsedBy(parseRtmpLimits), DEFAULT_RTMP_LIMITS),
  HTTP_PORT: port,
  RECONNECT_WINDOW_SECONDS: wholeNumber(0, MAX_RECONNECT_WINDOW_SECONDS),
  CAPACITY_VCPUS: decimalNumber(0.1, MAX_CAPACITY_VCPUS),
  EVENT_BUS_NAME: optional(text),
  // CloudWatch silently drops a log line with a bad name, so both names are checked here.
  METRICS_NAMESPACE: optional(matching(METRICS_NAMESPACE_PATTERN, 'have only letters, digits and .-_/#:')),
  METRICS_STAGE: optional(matching(METRICS_STAGE_PATTERN, 'be printable ASCII without a leading space')),
} satisfies Record<VariableName<'encoder'>, z.ZodMiniType>;

const schema = z.pipe(
  z.object(variables).check(bothOrNeither('METRICS_NAMESPACE', 'METRICS_STAGE')),
  z.transform(({ METRICS_NAMESPACE: namespace, METRICS_STAGE: stage, ...others }) => {
    const metricsTarget: MetricsTarget | null = namespace === null || stage === null ? null : { namespace, stage };
    return { ...others, metricsTarget };
  }),
);

/** The encoder's variables. A deployment without an event bus or without metrics has null for them. */
export type EncoderEnvironment = Readonly<z.infer<typeof schema>>;

/** Reads them. Throws one error that lists every variable that is missing or wrong. */
export const readEncoderEnvironment = (source: NodeJS.ProcessEnv): EncoderEnvironment =>
  readEnvironment('encoder', schema, source);
