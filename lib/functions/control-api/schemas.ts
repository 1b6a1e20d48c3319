import { z } from '@hono/zod-openapi';
import { LADDER_NAMES } from '#domain/ladders.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { PLAYBACK_MODES } from '#domain/playback-ids.ts';
import { isSourceBlock } from '#domain/source-addresses.ts';
import { ID_PATTERN } from '#domain/stream-ids.ts';
import { ALLOWED_SOURCES_LIMIT, type NewStreamDefaults } from '#domain/streams.ts';
import { VIEWER_TOKEN_TTL_SECONDS } from '#domain/viewer-tokens.ts';
import { BATCH_GET_LIMIT } from '#runtime/live-store.ts';

/** No control characters, and no lone surrogates, which have no UTF-8. */
const PRINTABLE_PATTERN = /^[^\p{Cc}\p{Cs}]*$/u;

/** RFC 9110 section 13.1.1, as far as visible ASCII goes. */
const ENTITY_TAGS_PATTERN = /^(?:\*|(?:W\/)?"[\x21\x23-\x7e]*"(?: *, *(?:W\/)?"[\x21\x23-\x7e]*")*)$/;

const nameSchema = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(PRINTABLE_PATTERN, 'Must not hold control characters')
  // JSON Schema has patterns without flags, and takes them all for Unicode ones.
  .openapi({ pattern: PRINTABLE_PATTERN.source });

const momentSchema = z.iso
  .datetime({ offset: true, abort: true })
  .overwrite((text) => new Date(text).toISOString())
  .nullable();

const allowedSourcesSchema = z
  .array(
    z.string().max(43).refine(isSourceBlock, 'Must be an IPv4 or IPv6 address or a CIDR block').openapi({
      example: '203.0.113.0/24',
    }),
  )
  .max(ALLOWED_SOURCES_LIMIT);

const settings = {
  title: nameSchema,
  ladder: z.enum(LADDER_NAMES),
  latency: z.enum(LATENCY_NAMES),
  playback: z.enum(PLAYBACK_MODES).openapi({
    description: 'Who may watch: anybody with the address, or who has a viewer token too',
  }),
  notBefore: momentSchema.openapi({ description: 'The key opens nothing before this moment' }),
  notAfter: momentSchema.openapi({ description: 'The key opens nothing from this moment on' }),
  allowedSources: allowedSourcesSchema.openapi({ description: 'Who may publish; anybody with the key where empty' }),
};

/** Body of POST /api/streams, with a deployment's defaults. */
export const createStreamSchema = ({ ladder, latency, playback }: NewStreamDefaults) =>
  z
    .strictObject({
      title: settings.title.default('Untitled stream'),
      ladder: settings.ladder.default(ladder),
      latency: settings.latency.default(latency),
      playback: settings.playback.default(playback),
      notBefore: settings.notBefore.default(null),
      notAfter: settings.notAfter.default(null),
      allowedSources: settings.allowedSources.default([]),
    })
    .openapi('CreateStream');

export type CreateStreamSchema = ReturnType<typeof createStreamSchema>;

/** Body of PATCH /api/streams/{id}: what is left out stays as it is. */
export const changeStreamSchema = z.strictObject(settings).partial().openapi('ChangeStream');

const DEFAULT_PAGE_ENTRIES = 50;

/** Query of a list. A cursor is opaque to clients; it is the last id of the page before. */
export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(BATCH_GET_LIMIT).default(DEFAULT_PAGE_ENTRIES).openapi({
    type: 'integer',
    minimum: 1,
    maximum: BATCH_GET_LIMIT,
    default: DEFAULT_PAGE_ENTRIES,
    description: 'Entries a page; there may be fewer on any page',
  }),
  cursor: z
    .string()
    .regex(ID_PATTERN, 'Not a cursor of this API')
    .optional()
    .openapi({ description: '`nextCursor` of the page before' }),
});

/** Path of one stream or token. Any text: what isn't an id is not found. */
export const idPathSchema = z.object({ id: z.string().openapi({ example: 'k3v7q2mzp4xw6taa' }) });

/** Header of a POST that may be repeated without doing anything twice (draft-ietf-httpapi-idempotency-key-header). */
export const idempotencyHeaderSchema = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'Must be 1 to 255 visible ASCII characters')
    .optional()
    .openapi({ description: 'Repeats with the same key and body within 24 hours get the same answer' }),
});

/** Header of a change that must not happen if somebody else was faster (RFC 9110 section 13.1.1). */
export const ifMatchHeaderSchema = z.object({
  'if-match': z
    .string()
    .regex(ENTITY_TAGS_PATTERN, 'Must be * or a list of entity tags in quotes')
    .optional()
    .openapi({ description: '`ETag` of what is to be changed', example: '"3"' }),
});

const healthSchema = z
  .object({
    inputKbps: z.number(),
    frameRate: z.number().nullable(),
    width: z.number().nullable(),
    height: z.number().nullable(),
    videoCodec: z.string().nullable(),
    audioCodec: z.string().nullable(),
    keyframeIntervalSeconds: z.number().nullable(),
    droppedFrames: z.number().int(),
    encoderSpeed: z.number().nullable(),
    warnings: z.array(z.string()).readonly(),
  })
  .openapi('StreamHealth');

const WITHOUT_TOKEN = 'With playback "token" it opens nothing by itself: `viewer-tokens` makes one that does';

/** A stream as the API shows it. `startedAt` and `health` are null while it is idle. */
export const streamSchema = z
  .object({
    id: z.string(),
    title: z.string(),
    playbackId: z.string(),
    ladder: z.enum(LADDER_NAMES),
    latency: z.enum(LATENCY_NAMES),
    playback: z.enum(PLAYBACK_MODES),
    notBefore: z.iso.datetime().nullable(),
    notAfter: z.iso.datetime().nullable(),
    allowedSources: z.array(z.string()),
    version: z.number().int(),
    status: z.enum(['idle', 'live']),
    startedAt: z.iso.datetime().nullable(),
    health: healthSchema.nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    ingest: z.object({
      rtmpUrl: z.string(),
      rtmpsUrl: z.string().optional().openapi({ description: 'The same over TLS, where the deployment has it' }),
    }),
    playbackUrl: z.url().openapi({ description: WITHOUT_TOKEN }),
    watchUrl: z.url().openapi({ description: WITHOUT_TOKEN }),
  })
  .openapi('Stream');

export type StreamBody = z.infer<typeof streamSchema>;

/** Answer of the calls that make a key: the only ones that ever have it. */
export const streamWithKeySchema = streamSchema.extend({ streamKey: z.string() }).openapi('StreamWithKey');

/** Answer of GET /api/streams. `nextCursor` is null on the last page. */
export const streamListSchema = z
  .object({ streams: z.array(streamSchema), nextCursor: z.string().nullable() })
  .openapi('StreamList');

/** Answer of POST /api/streams/{id}/stop. */
export const stopSchema = z
  .object({ wasLive: z.boolean().openapi({ description: 'Whether there was a publisher to cut' }) })
  .openapi('Stop');

/** Body of POST /api/streams/{id}/viewer-tokens. */
export const createViewerTokenSchema = z
  .strictObject({
    ttlSeconds: z
      .number()
      .int()
      .min(VIEWER_TOKEN_TTL_SECONDS.shortest)
      .max(VIEWER_TOKEN_TTL_SECONDS.longest)
      .default(VIEWER_TOKEN_TTL_SECONDS.usual)
      .openapi({ description: 'How long it is good for; whoever watches then is cut' }),
  })
  .openapi('CreateViewerToken');

/** Answer of POST /api/streams/{id}/viewer-tokens. */
export const viewerTokenSchema = z
  .object({
    token: z.string(),
    url: z.url().openapi({ description: 'The multivariant playlist, for any player' }),
    watchUrl: z.url().openapi({ description: 'The watch page; `/embed/` in place of `/watch/` is the embed page' }),
    expiresAt: z.iso.datetime(),
  })
  .openapi('ViewerToken');

/** Body of POST /api/tokens. */
export const createTokenSchema = z.strictObject({ name: nameSchema }).openapi('CreateToken');

/** An admin token as the API shows it. */
export const tokenSchema = z
  .object({ id: z.string(), name: z.string(), createdAt: z.iso.datetime() })
  .openapi('AdminToken');

/** Answer of POST /api/tokens: the only one that ever has the token. */
export const createdTokenSchema = tokenSchema.extend({ token: z.string() }).openapi('CreatedAdminToken');

/** Answer of GET /api/tokens. `nextCursor` is null on the last page. */
export const tokenListSchema = z
  .object({ tokens: z.array(tokenSchema), nextCursor: z.string().nullable() })
  .openapi('AdminTokenList');

/** Answer of GET /api/health. */
export const serviceHealthSchema = z.object({ status: z.literal('ok') }).openapi('ServiceHealth');

/** Every error (RFC 9457); `errors` where fields of the request are invalid. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().optional(),
    errors: z.array(z.object({ field: z.string(), detail: z.string() })).optional(),
  })
  .openapi('Problem');
