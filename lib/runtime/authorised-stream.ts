import * as z from 'zod/mini';
import type { AuthorisedStream, RefusalCode } from '#domain/ingest-auth.ts';
import { LADDER_NAMES } from '#domain/ladders.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';

/** The schema of an `AuthorisedStream` that comes from another process. */
export const authorisedStreamSchema: z.ZodMiniType<AuthorisedStream> = z.object({
  streamId: z.string().check(z.minLength(1)),
  playbackId: z.string().check(z.minLength(1)),
  version: z.nullable(z.int()),
  ladder: z.enum(LADDER_NAMES),
  latency: z.enum(LATENCY_NAMES),
  maxInputKbps: z.number().check(z.positive()),
});

/** The schema of a `RefusalCode` that comes from another process. */
export const refusalCodeSchema: z.ZodMiniType<RefusalCode> = z.enum([
  'NetStream.Publish.BadName',
  'NetStream.Publish.Rejected',
]);
