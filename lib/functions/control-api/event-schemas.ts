import { z } from '@hono/zod-openapi';
import type { TimelineEvent } from '#domain/events.ts';
import { INGEST_NAMES, REFUSAL_CODES } from '#domain/ingest-auth.ts';

const event = <Type extends TimelineEvent['type'], Fields extends z.ZodRawShape>(type: Type, fields: Fields) =>
  z.object({ type: z.literal(type), id: z.string(), time: z.iso.datetime(), streamId: z.string(), ...fields });

const playbackId = z.string();
const sourceAddress = z.string();
const description = z.string().openapi({ description: 'The message that the broadcaster sees' });
const reason = z.string();
const schemas = [
  event('stream.live', { playbackId }).openapi({ description: 'Viewers can play the stream' }),
  event('stream.ended', { playbackId, reason, durationSeconds: z.number() }).openapi({
    description: 'Its playlists have ended',
  }),
  event('stream.preview-started', { playbackId }).openapi({
    description: 'The studio can play the stream, and viewers have nothing of it',
  }),
  event('stream.preview-ended', { playbackId, reason, durationSeconds: z.number() }).openapi({
    description: 'The preview is over: the stream goes on for viewers, or nobody publishes it',
  }),
  event('stream.refused', {
    code: z.enum(REFUSAL_CODES),
    description,
    sourceAddress,
    count: z.number().int().optional().openapi({ description: 'How many publishes it stands for. Missing for one' }),
  }).openapi({ description: 'A publish was refused, or ended before anybody could watch it' }),
  event('stream.contested', { playbackId, sourceAddress, refusedAddress: z.string() }).openapi({
    description: 'Two encoders publish with one key. The one on air stays',
  }),
  event('stream.publish-ended', { playbackId, reason, description, sourceAddress }).openapi({
    description: 'The platform has ended the publish of a live stream',
  }),
  event('encoder.restarted', {
    playbackId,
    reason: z.enum(['died', 'stalled', 'overloaded', 'source-changed']),
  }).openapi({ description: 'The stream goes on with a new FFmpeg' }),
  event('stream.failover', {
    playbackId,
    onAir: z.enum(INGEST_NAMES),
    reason: z.enum(['stalled', 'left', 'recovered']),
  }).openapi({ description: 'Viewers get the stream from its other publisher now' }),
  event('stream.quality-changed', {
    playbackId,
    direction: z.enum(['down', 'up']),
    renditions: z.array(z.object({ name: z.string(), frameRate: z.number() })).readonly(),
  }).openapi({ description: 'Viewers get less than ladder and source allow, or more again' }),
  event('stream.changed', {
    action: z.string().openapi({ example: 'POST /api/streams/{id}/stop' }),
    by: z.string().openapi({ description: 'Name of whoever did it' }),
    fields: z.array(z.string()).readonly().openapi({ description: 'Names of the settings that differ' }),
  }).openapi({ description: 'Somebody changed the stream with this API' }),
] as const;

/** What happened to a stream. */
export const timelineEventSchema = z.discriminatedUnion('type', schemas).openapi('TimelineEvent');

/** Response of GET /api/streams/{id}/events. `nextCursor` is null on the last page. */
export const timelineSchema = z
  .object({ events: z.array(timelineEventSchema).readonly(), nextCursor: z.string().nullable() })
  .openapi('Timeline');
