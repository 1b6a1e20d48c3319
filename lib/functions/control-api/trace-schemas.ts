import { z } from '@hono/zod-openapi';
import { TAG_KINDS } from '#domain/traces.ts';

const moment = z.iso.datetime();
const numbers = z.array(z.number()).readonly();

const publishSchema = z.object({
  connectedAt: moment,
  leftAt: moment.nullable(),
  sourceAddress: z.string(),
  software: z.string().nullable().openapi({ description: "What the publisher's software says it is" }),
  endReason: z.string().nullable(),
});

const runSchema = z.object({
  epoch: z.number().int(),
  startedAt: moment,
  endedAt: moment.nullable(),
  outcome: z.string().nullable(),
  replacedBecause: z.string().nullable(),
  lastWords: z.array(z.string()).readonly().openapi({ description: 'The last lines that FFmpeg wrote' }),
});

const warningSchema = z.object({ text: z.string(), since: moment, until: moment.nullable() });

/** Response of GET /api/streams/{id}/trace. */
export const traceSchema = z
  .object({
    streamId: z.string(),
    recordedAt: moment,
    publishes: z.array(publishSchema).readonly(),
    runs: z.array(runSchema).readonly(),
    warnings: z.array(warningSchema).readonly(),
    tags: z
      .object({
        receivedAtMs: numbers,
        timestampMs: numbers,
        bytes: numbers,
        kind: z.array(z.enum(TAG_KINDS)).readonly(),
      })
      .openapi({ description: 'Columns of the same length, with a row for each message of the last minute' }),
  })
  .openapi('StreamTrace');

export type TraceBody = z.infer<typeof traceSchema>;
