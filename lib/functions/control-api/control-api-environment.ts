import * as z from 'zod/mini';
import { PUBLISH_MODES, type VariableName } from '#domain/environment.ts';
import { LADDER_NAMES } from '#domain/ladders.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { PLAYBACK_MODES } from '#domain/playback-ids.ts';
import {
  atLeastOne,
  logLevel,
  notBoth,
  oneOf,
  optional,
  parsedBy,
  readEnvironment,
  text,
} from '#runtime/environment.ts';
import { toSecretSource } from '#runtime/stored-secret.ts';
import { codecList } from '#runtime/video-codecs.ts';
import { parseViewerTokenKeys } from '#runtime/viewer-token-keys.ts';

/** SHA-256 hashes in lower-case hex, separated by commas. */
const tokenHashes = z.pipe(
  text.check(
    z.regex(
      /^\s*[0-9a-f]{64}\s*(,\s*[0-9a-f]{64}\s*)*$/,
      'must be SHA-256 hashes in lower-case hex, separated by commas',
    ),
  ),
  z.transform((list): readonly string[] => list.split(',').map((hash) => hash.trim())),
);

const variables = {
  LOG_LEVEL: logLevel,
  STREAMS_TABLE: text,
  STREAM_KEYS_TABLE: text,
  LIVE_TABLE: text,
  TASKS_TABLE: text,
  ADMIN_TOKENS_TABLE: text,
  SESSIONS_TABLE: text,
  IDEMPOTENCY_TABLE: text,
  AUDIT_TABLE: text,
  // A laptop's changes are in the table alone.
  EVENT_BUS_NAME: optional(text),
  PURGES_TABLE: text,
  EVENTS_TABLE: text,
  DISTRIBUTION_ID: text,
  DEFAULT_LADDER: oneOf(LADDER_NAMES),
  DEFAULT_LATENCY: oneOf(LATENCY_NAMES),
  DEFAULT_CODECS: codecList,
  DEFAULT_PLAYBACK: oneOf(PLAYBACK_MODES),
  // Without a bootstrap token, only tokens of the table open the API.
  ADMIN_TOKEN_HASHES: z._default(tokenHashes, []),
  VIEWER_TOKEN_KEYS: optional(parsedBy(parseViewerTokenKeys)),
  VIEWER_TOKEN_SECRET_ARN: optional(text),
  EDGE_SECRET_ARN: optional(text),
  API_DOMAIN: optional(text),
  RTMP_URL: optional(text),
  RTMPS_URL: optional(text),
  PLAYBACK_BASE_URL: text,
  PUBLISH_MODE: oneOf(PUBLISH_MODES),
  PAGE_FILE: text,
} satisfies Record<VariableName<'control-api'>, z.ZodMiniType>;

const schema = z.pipe(
  z
    .object(variables)
    .check(notBoth('VIEWER_TOKEN_KEYS', 'VIEWER_TOKEN_SECRET_ARN'), atLeastOne('RTMP_URL', 'RTMPS_URL')),
  z.transform(({ VIEWER_TOKEN_KEYS: value, VIEWER_TOKEN_SECRET_ARN: arn, ...others }) => ({
    ...others,
    viewerTokenKeys: toSecretSource(value, arn),
  })),
);

/** The control API's variables. `viewerTokenKeys` is null in a deployment without viewer tokens. */
export type ControlApiEnvironment = Readonly<z.infer<typeof schema>>;

/** Reads them. Throws one error that lists every variable that is missing or wrong. */
export const readControlApiEnvironment = (source: NodeJS.ProcessEnv): ControlApiEnvironment =>
  readEnvironment('control-api', schema, source);
