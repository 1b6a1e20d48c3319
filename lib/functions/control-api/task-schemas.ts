import { z } from '@hono/zod-openapi';

/** Path of one encoder task. It accepts any text, because a text that is no id is a 404. */
export const taskPathSchema = z.object({ id: z.string().openapi({ example: '0123456789abcdef0123456789abcdef' }) });

/** An encoder task as the API shows it. */
export const taskSchema = z
  .object({
    id: z.string(),
    state: z.enum(['active', 'draining', 'lost']).openapi({
      description:
        'A draining task takes no new publishers and hands its streams over. A lost one has stopped reporting, ' +
        'and the rest is what it reported last',
    }),
    startedAt: z.iso.datetime(),
    room: z
      .object({ capacityVCpus: z.number(), usedVCpus: z.number(), freeVCpus: z.number() })
      .openapi({ description: 'How much the task can encode. What its streams cost is counted in vCPUs' }),
    streams: z.array(z.object({ id: z.string() })).openapi({ description: 'The streams that the task holds' }),
  })
  .openapi('Task');

export type TaskBody = z.infer<typeof taskSchema>;

/** Response of GET /api/tasks. */
export const taskListSchema = z.object({ tasks: z.array(taskSchema) }).openapi('TaskList');

/** Response of POST /api/tasks/{id}/drain. */
export const drainSchema = z.object({ id: z.string(), state: z.literal('draining') }).openapi('Drain');
