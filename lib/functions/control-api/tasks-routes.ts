import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { freeVCpus, isTaskAlive, isTaskDraining, TASK_ID_PATTERN, type TaskRecord } from '#domain/tasks.ts';
import type { TaskStore } from '#runtime/task-store.ts';
import { type AttemptDependencies, beginAttempt } from './attempt.ts';
import { idempotencyHeaderSchema } from './parameter-schemas.ts';
import { ProblemError } from './problem.ts';
import { json, problems } from './responses.ts';
import { needs } from './route-access.ts';
import { drainSchema, type TaskBody, taskListSchema, taskPathSchema } from './task-schemas.ts';

/** The stores that the routes of encoder tasks use. */
export interface TasksDependencies extends AttemptDependencies {
  readonly tasks: Pick<TaskStore, 'list' | 'requestDrain'>;
}

/** How long a lost task is listed, so that somebody who looks into a failure sees it. */
const LOST_TASK_LISTED_MS = 60_000;

const listTasksRoute = createRoute({
  method: 'get',
  path: '/api/tasks',
  summary: 'List encoder tasks',
  description: `The oldest task is first. A lost task is listed for another ${LOST_TASK_LISTED_MS / 1000} s.`,
  security: needs('admin'),
  responses: { 200: json(taskListSchema, 'The tasks'), ...problems() },
});

const drainTaskRoute = createRoute({
  method: 'post',
  path: '/api/tasks/{id}/drain',
  summary: 'Drain an encoder task',
  description:
    'The task takes no new publishers, asks those that it has to reconnect, hands its streams over and ends. ' +
    'Draining cannot be taken back. To drain a task that is draining changes nothing.',
  security: needs('admin'),
  request: { params: taskPathSchema, headers: idempotencyHeaderSchema },
  responses: {
    202: json(drainSchema, 'The task begins to drain within seconds'),
    ...problems(404, 413, 422),
  },
});

/** Adds the routes that list and drain encoder tasks. */
export function addTasksRoutes(app: OpenAPIHono, dependencies: TasksDependencies): void {
  const { tasks, now } = dependencies;

  app.openapi(listTasksRoute, async (context) => {
    const records = await tasks.list();
    const nowMs = now();
    const listed = records
      .filter(({ heartbeatUntilMs }) => nowMs - heartbeatUntilMs <= LOST_TASK_LISTED_MS)
      .map((record) => toTaskBody(record, nowMs))
      .sort(byAge);
    return context.json({ tasks: listed }, 200);
  });

  app.openapi(drainTaskRoute, async (context) => {
    const { id } = context.req.valid('param');
    if (!TASK_ID_PATTERN.test(id)) throw noSuchTask();
    const attempt = await beginAttempt(context, { body: null, base: null }, dependencies);
    // An idle task ends soon after it is asked. A repeat must not become a 404 by that.
    if (!attempt.isDone) {
      if (!(await tasks.requestDrain(id, now()))) throw noSuchTask();
      await attempt.finish();
    }
    return context.json({ id, state: 'draining' as const }, 202);
  });
}

const noSuchTask = (): ProblemError =>
  new ProblemError({ status: 404, detail: 'There is no running task with this id.' });

/** The private address stays private. */
function toTaskBody(record: TaskRecord, nowMs: number): TaskBody {
  const { taskId: id, startedAt, room, streamIds } = record;
  const { capacityVCpus, usedVCpus } = room;
  return {
    id,
    state: isTaskAlive(record, nowMs) ? (isTaskDraining(record) ? 'draining' : 'active') : 'lost',
    startedAt,
    room: {
      capacityVCpus: rounded(capacityVCpus),
      usedVCpus: rounded(usedVCpus),
      freeVCpus: rounded(freeVCpus(room)),
    },
    streams: streamIds.map((streamId) => ({ id: streamId })),
  };
}

/** Sums of decimal fractions have long tails, which mean nothing. */
const rounded = (vCpus: number): number => Math.round(vCpus * 1000) / 1000;

const byAge = (a: TaskBody, b: TaskBody): number => a.startedAt.localeCompare(b.startedAt) || a.id.localeCompare(b.id);
