import { isIPv4 } from 'node:net';
import * as z from 'zod/mini';
import { PUBLISH_MODES, type VariableName } from '#domain/environment.ts';
import { LADDER_NAMES } from '#domain/ladders.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import {
  atLeastOne,
  logLevel,
  mustBeOneOf,
  notBoth,
  oneOf,
  optional,
  readEnvironment,
  text,
} from '#runtime/environment.ts';
import type { SecretSource } from '#runtime/stored-secret.ts';
import { codecList } from '#runtime/video-codecs.ts';
import { WEBHOOK_SECRET_MIN_LENGTH } from './webhook-secret.ts';

type VariableSchemas = Partial<Record<VariableName<'ingest-auth'>, z.ZodMiniType>>;

const keysMode = z.object({
  LOG_LEVEL: logLevel,
  PUBLISH_MODE: z.literal('keys'),
  STREAMS_TABLE: text,
  STREAM_KEYS_TABLE: text,
} satisfies VariableSchemas);

const webhookUrl = z.pipe(
  text.check(
    z.refine(isHttpsOrLoopback, { error: 'must be an https URL, or an http URL of a loopback address' }),
    z.refine(hasNoSecret, { error: 'must have neither credentials nor a fragment; requests are signed' }),
  ),
  z.transform((url) => new URL(url)),
);

const webhookMode = z.pipe(
  z
    .object({
      LOG_LEVEL: logLevel,
      PUBLISH_MODE: z.literal('webhook'),
      WEBHOOK_URL: webhookUrl,
      WEBHOOK_SECRET: optional(
        text.check(
          z.minLength(WEBHOOK_SECRET_MIN_LENGTH, `must have at least ${WEBHOOK_SECRET_MIN_LENGTH} characters`),
        ),
      ),
      WEBHOOK_SECRET_ARN: optional(text),
      DEFAULT_LADDER: oneOf(LADDER_NAMES),
      DEFAULT_LATENCY: oneOf(LATENCY_NAMES),
      DEFAULT_CODECS: codecList,
    } satisfies VariableSchemas)
    .check(atLeastOne('WEBHOOK_SECRET', 'WEBHOOK_SECRET_ARN'), notBoth('WEBHOOK_SECRET', 'WEBHOOK_SECRET_ARN')),
  z.transform(({ WEBHOOK_SECRET: value, WEBHOOK_SECRET_ARN: arn, ...others }) => {
    // Exactly one of them is set.
    const webhookSecret: SecretSource<string> = value === null ? { arn: arn as string } : { value };
    return { ...others, webhookSecret };
  }),
);

const schema = z.discriminatedUnion('PUBLISH_MODE', [keysMode, webhookMode], {
  error: ({ input }) => mustBeOneOf(PUBLISH_MODES, (input as Record<string, unknown>).PUBLISH_MODE),
});

/** The ingest-auth function's variables. `PUBLISH_MODE` says which there are. */
export type IngestAuthEnvironment = Readonly<z.infer<typeof schema>>;

/** Reads them. Throws one error that lists every variable that is missing or wrong. */
export const readIngestAuthEnvironment = (source: NodeJS.ProcessEnv): IngestAuthEnvironment =>
  readEnvironment('ingest-auth', schema, source);

function isHttpsOrLoopback(text: string): boolean {
  const url = toUrl(text);
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
}

function hasNoSecret(text: string): boolean {
  const url = toUrl(text);
  return url === null || (url.username === '' && url.password === '' && url.hash === '');
}

const toUrl = (text: string): URL | null => (URL.canParse(text) ? new URL(text) : null);

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'));
