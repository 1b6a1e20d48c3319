import * as z from 'zod/mini';
import { type AuthorisedStream, INGEST_NAMES, MAX_TITLE_LENGTH, type RefusalCode } from '#domain/ingest-auth.ts';
import { LADDER_NAMES } from '#domain/ladders.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { FAILOVER_MS } from '#domain/streams.ts';
import { codecsSchema } from './video-codecs.ts';

/** The schema of an `AuthorisedStream` that comes from another process. */
export const authorisedStreamSchema: z.ZodMiniType<AuthorisedStream> = z.object({
  streamId: z.string().check(z.minLength(1)),
  playbackId: z.string().check(z.minLength(1)),
  onAirPlaybackId: z.exactOptional(z.string().check(z.minLength(1))),
  version: z.nullable(z.int()),
  ladder: z.enum(LADDER_NAMES),
  latency: z.enum(LATENCY_NAMES),
  codecs: z.exactOptional(codecsSchema),
  title: z.optional(z.string().check(z.maxLength(MAX_TITLE_LENGTH))),
  slateImage: z.exactOptional(z.string().check(z.regex(/^[0-9a-f]{64}$/))),
  maxInputKbps: z.number().check(z.positive()),
  ingest: z.exactOptional(z.enum(INGEST_NAMES)),
  failoverMs: z.exactOptional(z.int().check(z.minimum(FAILOVER_MS.shortest), z.maximum(FAILOVER_MS.longest))),
});

/** The schema of a `RefusalCode` that comes from another process. */
export const refusalCodeSchema: z.ZodMiniType<RefusalCode> = z.enum([
  'NetStream.Publish.BadName',
  'NetStream.Publish.Rejected',
]);
