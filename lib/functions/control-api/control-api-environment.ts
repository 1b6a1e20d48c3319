import * as z from 'zod/mini';
import { PUBLISH_MODES, type VariableName } from '#domain/environment.ts';
import { LADDER_NAMES } from '#domain/ladders.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { isIssuer } from '#domain/oidc.ts';
import { PLAYBACK_MODES } from '#domain/playback-ids.ts';
import {
  atLeastOne,
  bothOrNeither,
  logLevel,
  needs,
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
import { parseOidcRoles } from './oidc-roles.ts';

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
  OIDC_ISSUER: optional(
    text.check(z.refine(isIssuer, 'must be an https URL without query and fragment, or an http URL of this machine')),
  ),
  OIDC_CLIENT_ID: optional(text),
  OIDC_CLIENT_SECRET: optional(text),
  OIDC_CLIENT_SECRET_ARN: optional(text),
  OIDC_ROLE_CLAIM: optional(text),
  OIDC_ROLES: optional(parsedBy(parseOidcRoles)),
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
    .check(
      notBoth('VIEWER_TOKEN_KEYS', 'VIEWER_TOKEN_SECRET_ARN'),
      atLeastOne('RTMP_URL', 'RTMPS_URL'),
      bothOrNeither('OIDC_ISSUER', 'OIDC_CLIENT_ID'),
      bothOrNeither('OIDC_ISSUER', 'OIDC_ROLE_CLAIM'),
      bothOrNeither('OIDC_ISSUER', 'OIDC_ROLES'),
      needs('OIDC_CLIENT_SECRET', 'OIDC_ISSUER'),
      needs('OIDC_CLIENT_SECRET_ARN', 'OIDC_ISSUER'),
      notBoth('OIDC_CLIENT_SECRET', 'OIDC_CLIENT_SECRET_ARN'),
    ),
  z.transform(
    ({
      VIEWER_TOKEN_KEYS: keys,
      VIEWER_TOKEN_SECRET_ARN: keysArn,
      OIDC_ISSUER: issuer,
      OIDC_CLIENT_ID: clientId,
      OIDC_CLIENT_SECRET: secret,
      OIDC_CLIENT_SECRET_ARN: secretArn,
      OIDC_ROLE_CLAIM: roleClaim,
      OIDC_ROLES: roles,
      ...others
    }) => ({
      ...others,
      viewerTokenKeys: toSecretSource(keys, keysArn),
      oidc:
        issuer === null || clientId === null || roleClaim === null || roles === null
          ? null
          : { settings: { issuer, clientId, roleClaim, roles }, clientSecret: toSecretSource(secret, secretArn) },
    }),
  ),
);

/** The control API's variables. `viewerTokenKeys` is null in a deployment without viewer tokens, `oidc` without a provider. */
export type ControlApiEnvironment = Readonly<z.infer<typeof schema>>;

/** Reads them. Throws one error that lists every variable that is missing or wrong. */
export const readControlApiEnvironment = (source: NodeJS.ProcessEnv): ControlApiEnvironment =>
  readEnvironment('control-api', schema, source);
