import { z } from '@hono/zod-openapi';
import { INGEST_NAMES } from '#domain/ingest-auth.ts';
import { LADDER_NAMES } from '#domain/ladders.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { PLAYBACK_MODES } from '#domain/playback-ids.ts';
import { SLATE_IMAGE_TYPES } from '#domain/slate-images.ts';
import { isSourceBlock } from '#domain/source-addresses.ts';
import { ALLOWED_SOURCES_LIMIT, FAILOVER_MS, type NewStreamDefaults } from '#domain/streams.ts';
import { codecsProblem, VIDEO_CODECS } from '#domain/video-codecs.ts';
import { VIEWER_TOKEN_TTL_SECONDS } from '#domain/viewer-tokens.ts';

/** Excludes control characters, and lone surrogates, which UTF-8 cannot encode. */
const PRINTABLE_PATTERN = /^[^\p{Cc}\p{Cs}]*$/u;

/** The same, with line breaks. */
const LINES_PATTERN = /^(?:\n|[^\p{Cc}\p{Cs}])*$/u;

/**
 * Excludes characters that change the direction of what follows (Unicode's Bidi_Control). With them, a title could look
 * like another one. Right-to-left scripts need none in a title of their own.
 */
const DIRECTION_PATTERN = /^[^\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]*$/;

/** Text that people read, without characters that they don't see. */
const readable = (text: z.ZodString, pattern: RegExp, problem: string) =>
  text
    .regex(pattern, problem)
    .regex(DIRECTION_PATTERN, 'Must not contain invisible characters that change the direction of the text')
    // JSON Schema patterns have no flags. All of them are Unicode patterns.
    .openapi({ pattern: pattern.source, allOf: [{ pattern: DIRECTION_PATTERN.source }] });

/** One line of at most so many characters. */
const lineSchema = (limit: number) =>
  readable(z.string().trim().min(1).max(limit), PRINTABLE_PATTERN, 'Must not contain control characters');

/** A name or a title that people read. */
export const nameSchema = lineSchema(200).openapi({ example: 'Friday talk' });

/** Several lines. Windows ends them with two characters. */
const descriptionSchema = readable(
  z
    .string()
    .overwrite((text) => text.replace(/\r\n?/g, '\n'))
    .trim()
    .max(2_000),
  LINES_PATTERN,
  'Must not contain control characters other than line breaks',
);

/** A moment with any offset. It becomes ISO 8601 in UTC, in which only the years 0000 to 9999 have the usual form. */
export const momentSchema = z.iso
  .datetime({ offset: true, abort: true })
  .overwrite((text) => new Date(text).toISOString())
  .refine((text) => /^\d{4}-/.test(text), 'Must be within the years 0000 to 9999 in UTC')
  .nullable();

const allowedSourcesSchema = z
  .array(
    z.string().max(43).refine(isSourceBlock, 'Must be an address or a CIDR block such as 203.0.113.0/24').openapi({
      example: '203.0.113.0/24',
    }),
  )
  .max(ALLOWED_SOURCES_LIMIT);

const codecsSchema = z
  .array(z.enum(VIDEO_CODECS))
  .min(1)
  .max(VIDEO_CODECS.length)
  .superRefine((codecs, context) => {
    const problem = codecsProblem(codecs);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });

const settings = {
  title: nameSchema,
  description: descriptionSchema.openapi({
    description: 'What viewers may read about the stream. It may have line breaks',
    example: 'Every Friday at six.',
  }),
  category: lineSchema(50).nullable().openapi({ description: 'What it is listed under', example: 'Talks' }),
  listed: z.boolean().openapi({
    description: "Whether the platform's home may show the stream. It shows none with playback `token`",
  }),
  ladder: z
    .enum(LADDER_NAMES)
    .openapi({ description: 'Named after its highest rendition. It includes all lower ones' }),
  latency: z.enum(LATENCY_NAMES),
  codecs: codecsSchema.openapi({
    description:
      'What each rung is encoded in, H.264 always. Players that have HEVC or AV1 need 40 % less bandwidth for it',
    example: ['h264', 'hevc'],
    uniqueItems: true,
  }),
  playback: z.enum(PLAYBACK_MODES).openapi({
    description: 'Who may watch: anybody with the address, or only viewers who also have a viewer token',
  }),
  autoStart: z.boolean().openapi({
    description:
      'Whether viewers get the stream as soon as somebody publishes it. If false, it is a preview until `golive`, and ' +
      'again after its end. True if nobody has set it',
  }),
  notBefore: momentSchema.openapi({ description: 'The stream key is refused before this moment' }),
  notAfter: momentSchema.openapi({ description: 'The stream key is refused from this moment on' }),
  allowedSources: allowedSourcesSchema.openapi({
    description: 'Addresses that may publish. If empty, the stream key works from any address',
  }),
};

/** Body of POST /api/streams, with the defaults of a deployment. */
export const createStreamSchema = ({ ladder, latency, codecs, playback }: NewStreamDefaults) =>
  z
    .strictObject({
      title: settings.title.default('Untitled stream'),
      description: settings.description.default(''),
      category: settings.category.default(null),
      listed: settings.listed.default(true),
      ladder: settings.ladder.default(ladder),
      latency: settings.latency.default(latency),
      codecs: settings.codecs.default([...codecs]),
      playback: settings.playback.default(playback),
      autoStart: settings.autoStart.exactOptional(),
      notBefore: settings.notBefore.default(null),
      notAfter: settings.notAfter.default(null),
      allowedSources: settings.allowedSources.default([]),
    })
    .openapi('CreateStream');

export type CreateStreamSchema = ReturnType<typeof createStreamSchema>;

/** Body of PATCH /api/streams/{id}. Fields that are left out do not change. */
export const changeStreamSchema = z.strictObject(settings).partial().openapi('ChangeStream');

const healthSchema = z
  .object({
    inputKbps: z.number(),
    frameRate: z.number().nullable(),
    width: z.number().nullable(),
    height: z.number().nullable(),
    videoCodec: z.string().nullable(),
    audioCodec: z.string().nullable(),
    keyframeIntervalSeconds: z.number().nullable(),
    droppedFrames: z
      .number()
      .int()
      .openapi({ description: "Frames missing from the publisher's stream in the last minute" }),
    encoderSpeed: z.number().nullable().openapi({ description: 'Encoding speed. 1 keeps up with the publisher' }),
    audioLevelDb: z.number().nullable().optional().openapi({
      description: 'RMS of the last second of sound, in dB below full scale; -100 is silence. Null without sound',
    }),
    warnings: z.array(z.string()).readonly().openapi({ description: 'What is wrong, and how to mend it' }),
    ingest: z
      .object({ onAir: z.enum(INGEST_NAMES), standby: z.enum(INGEST_NAMES).nullable() })
      .optional()
      .openapi({
        description: 'Which publisher viewers get, and which one could take over. Missing without a backup key',
      }),
  })
  .openapi('StreamHealth');

const failoverSchema = z.number().int().min(FAILOVER_MS.shortest).max(FAILOVER_MS.longest).openapi({
  description: 'How long the publisher on air may send nothing before the other one takes over',
});

/** Body of POST /api/streams/{id}/backup-key. */
export const createBackupKeySchema = z
  .strictObject({ failoverMs: failoverSchema.default(FAILOVER_MS.usual) })
  .openapi('CreateBackupKey');

const NEEDS_TOKEN = 'If playback is "token", viewers need an address from `viewer-tokens` instead';

const publisherSchema = z
  .object({
    state: z.enum(['connected', 'away', 'none']).openapi({
      description: 'Whether somebody publishes. While the publisher is away, the stream waits for it to come back',
    }),
    since: z.iso.datetime().nullable().openapi({ description: 'When it connected or left' }),
  })
  .openapi('StreamPublisher');

const slateImageSchema = z
  .object({
    type: z.enum(SLATE_IMAGE_TYPES),
    width: z.number().int(),
    height: z.number().int(),
    bytes: z.number().int(),
  })
  .openapi('SlateImage');

/** A stream as the API shows it. `startedAt` and `health` are null while nobody publishes. */
export const streamSchema = z
  .object({
    id: z.string(),
    title: z.string(),
    description: z.string(),
    category: z.string().nullable(),
    listed: settings.listed,
    owner: z
      .object({ id: z.string(), name: z.string() })
      .nullable()
      .openapi({ description: 'The person who created the stream. Null if a token did' }),
    playbackId: z.string(),
    ladder: settings.ladder,
    latency: settings.latency,
    codecs: settings.codecs,
    playback: settings.playback,
    autoStart: settings.autoStart,
    onAir: z.boolean().openapi({
      description: 'Whether viewers can have the stream, or will as soon as somebody publishes it',
    }),
    notBefore: z.iso.datetime().nullable(),
    notAfter: z.iso.datetime().nullable(),
    allowedSources: z.array(z.string()),
    backup: z
      .object({ failoverMs: failoverSchema })
      .nullable()
      .openapi({ description: 'Null if the stream has no backup key' }),
    slateImage: slateImageSchema.nullable().openapi({
      description: 'The picture that viewers see while the publisher is away. Null if the stream has none of its own',
    }),
    version: z.number().int(),
    status: z.enum(['idle', 'preview', 'live']).openapi({
      description:
        'Live while somebody publishes, and while viewers have a broadcast whose publisher is away. The same of a preview, ' +
        'which viewers cannot have',
    }),
    publisher: publisherSchema,
    startedAt: z.iso.datetime().nullable(),
    health: healthSchema.nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    ingest: z.object({
      rtmpUrl: z.string().optional().openapi({ description: 'Missing if the deployment takes RTMPS only' }),
      rtmpsUrl: z.string().optional().openapi({ description: 'The same over TLS, if the deployment supports it' }),
    }),
    playbackUrl: z.url().openapi({ description: NEEDS_TOKEN }),
    watchUrl: z.url().openapi({ description: NEEDS_TOKEN }),
  })
  .openapi('Stream');

export type StreamBody = z.infer<typeof streamSchema>;

/** Response of the requests that create a stream key, the only ones with the key. */
export const streamWithKeySchema = streamSchema.extend({ streamKey: z.string() }).openapi('StreamWithKey');

/** Response of POST /api/streams/{id}/backup-key, the only one with the backup key. */
export const streamWithBackupKeySchema = streamSchema.extend({ backupKey: z.string() }).openapi('StreamWithBackupKey');

/** Response of GET /api/streams. `nextCursor` is null on the last page. */
export const streamListSchema = z
  .object({ streams: z.array(streamSchema), nextCursor: z.string().nullable() })
  .openapi('StreamList');

/** Response of POST /api/streams/{id}/stop. */
export const stopSchema = z
  .object({ wasLive: z.boolean().openapi({ description: 'Whether somebody published what viewers had' }) })
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
      .openapi({ description: 'Lifetime of the token. Playback stops when the token expires' }),
  })
  .openapi('CreateViewerToken');

/** Response of POST /api/streams/{id}/viewer-tokens. */
export const viewerTokenSchema = z
  .object({
    token: z.string(),
    url: z.url().openapi({ description: 'Multivariant playlist, for any player' }),
    watchUrl: z.url().openapi({ description: 'Watch page. Replace `/watch/` with `/embed/` for the embed page' }),
    expiresAt: z.iso.datetime(),
  })
  .openapi('ViewerToken');

/** Response of POST /api/streams/{id}/preview-tokens. */
export const previewTokenSchema = z
  .object({
    embedUrl: z
      .url()
      .openapi({ description: 'Page with the player. A viewer token, if there is one, is after the hash' }),
    healthUrl: z.url().openapi({
      description:
        'JSON with `now`, the health as in `GET /api/streams/{id}`, and `history`, a sample of each measure for every ' +
        '5 s of the last ten minutes, oldest first. 404 while nobody publishes and nobody is waited for',
    }),
    expiresAt: z.iso.datetime(),
  })
  .openapi('PreviewToken');

/** Body of GET /api/health. */
export const serviceHealthSchema = z.object({ status: z.literal('ok') }).openapi('ServiceHealth');

/** Body of every error (RFC 9457). `errors` is present if fields of the request are not valid. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().optional(),
    errors: z.array(z.object({ field: z.string(), detail: z.string() })).optional(),
  })
  .openapi('Problem');
