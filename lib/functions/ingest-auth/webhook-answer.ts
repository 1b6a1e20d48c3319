import { createHmac } from 'node:crypto';
import * as z from 'zod/mini';
import { type AuthorisedStream, INGEST_NAMES, MAX_TITLE_LENGTH } from '#domain/ingest-auth.ts';
import { LADDER_NAMES, maxInputKbps } from '#domain/ladders.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { VIEWERS_PLAYBACK_ID_PATTERN } from '#domain/playback-ids.ts';
import { hashSecret, STREAM_ID_PATTERN, secretId } from '#domain/stream-ids.ts';
import { FAILOVER_MS, type StreamDefaults } from '#domain/streams.ts';
import { codecsSchema } from '#runtime/video-codecs.ts';

const answerSchema = z.object({
  streamId: z.optional(z.string().check(z.regex(STREAM_ID_PATTERN))),
  // URLs of playlists and media have no other forms. With the longer form, viewers need a token.
  playbackId: z.optional(z.string().check(z.regex(VIEWERS_PLAYBACK_ID_PATTERN))),
  title: z.optional(z.string().check(z.maxLength(MAX_TITLE_LENGTH))),
  ladder: z.optional(z.enum(LADDER_NAMES)),
  latency: z.optional(z.enum(LATENCY_NAMES)),
  codecs: z.optional(codecsSchema),
  ingest: z.optional(z.enum(INGEST_NAMES)),
  failoverMs: z.optional(z.int().check(z.minimum(FAILOVER_MS.shortest), z.maximum(FAILOVER_MS.longest))),
});

/** What a backend was asked about, and the defaults for what its answer leaves out. */
export interface WebhookQuestion {
  readonly streamKey: string;
  readonly secret: string;
  readonly defaults: StreamDefaults;
}

/**
 * Parses the body of a backend's 2xx answer. Returns null if it is invalid. If the answer leaves ids out, they are
 * derived from the key or the stream's id with `secret`. So they are always the same, and without the secret nobody can
 * test which key belongs to an id.
 */
export function parseWebhookAnswer(
  body: string,
  { streamKey, secret, defaults }: WebhookQuestion,
): AuthorisedStream | null {
  const answer = answerSchema.safeParse(parseJson(body));
  if (!answer.success) return null;
  const derive = (text: string) => secretId(createHmac('sha256', secret).update(text).digest('hex'));
  const {
    ladder = defaults.ladder,
    latency = defaults.latency,
    codecs = defaults.codecs,
    title,
    ingest,
    failoverMs,
  } = answer.data;
  const { streamId = derive(`stream:${hashSecret(streamKey)}`) } = answer.data;
  const { playbackId = derive(`playback:${streamId}`) } = answer.data;
  if ([streamId, playbackId].includes(streamKey)) return null;
  return {
    ...{ streamId, playbackId, version: null, title, ladder, latency, codecs, maxInputKbps: maxInputKbps(ladder) },
    ...(ingest === undefined ? {} : { ingest }),
    ...(failoverMs === undefined ? {} : { failoverMs }),
  };
}

/** Undefined, which no schema takes, if the text is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
