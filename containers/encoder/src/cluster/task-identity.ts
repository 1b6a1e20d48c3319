import * as crypto from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { generateId, type RandomBytes } from '#domain/stream-ids.ts';
import { callEcsEndpoint, type Fetch } from './ecs-endpoint.ts';

/** How a task is known to the others. */
export interface TaskIdentity {
  readonly taskId: string;
  /** Name or IPv4 address at which other tasks reach it, without a port. */
  readonly address: string;
  /** Revision of the task definition. Null outside of ECS. */
  readonly revision: number | null;
}

/** The variables that say so. Null if they are not set. */
export interface TaskIdentityVariables {
  readonly TASK_ID: string | null;
  readonly TASK_ADDRESS: string | null;
  /** ECS sets it in every container. */
  readonly ECS_CONTAINER_METADATA_URI_V4: string | null;
}

export interface TaskIdentityOptions {
  /** @default Node.js's own */
  readonly randomBytes?: RandomBytes;
  /** Pause between two attempts, in milliseconds. @default 500 */
  readonly pauseMs?: number;
  /** How long an attempt may take, in milliseconds. @default 2000 */
  readonly timeoutMs?: number;
}

/** The endpoint is on the same host. It may not be ready when the container starts. */
const ATTEMPTS = 4;
const ATTEMPT_TIMEOUT_MS = 2_000;
const PAUSE_MS = 500;
const LOOPBACK_ADDRESS = '127.0.0.1';

/** Ids become database keys and appear in log lines. */
const TASK_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;
const ADDRESS_PATTERN = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

/** What we need of the answer to `/task` (ECS developer guide, "Task metadata endpoint version 4"). */
const metadataSchema = z.object({
  TaskARN: z.string().check(z.regex(/^arn:[^:]+:ecs:[^:]+:\d+:task\/.+$/)),
  Revision: z.string().check(z.regex(/^[1-9]\d{0,8}$/)),
  Containers: z.array(
    z.object({
      Networks: z.optional(
        z.array(z.object({ NetworkMode: z.string(), IPv4Addresses: z.optional(z.array(z.ipv4())) })),
      ),
    }),
  ),
});

/**
 * Reads who this task is: from TASK_ID and TASK_ADDRESS, or else from ECS. Outside of ECS, what is not set is a random
 * id and 127.0.0.1, which is right for a task that is alone. Rejects with an error that says what is missing.
 */
export async function readTaskIdentity(
  environment: TaskIdentityVariables,
  fetch: Fetch,
  { randomBytes = crypto.randomBytes, pauseMs = PAUSE_MS, timeoutMs = ATTEMPT_TIMEOUT_MS }: TaskIdentityOptions = {},
): Promise<TaskIdentity> {
  const { TASK_ID: id, TASK_ADDRESS: host, ECS_CONTAINER_METADATA_URI_V4: metadataUri } = environment;
  const isComplete = id !== null && host !== null;
  const found =
    isComplete || metadataUri === null
      ? null
      : await readMetadata({ url: `${metadataUri}/task`, fetch, pauseMs, timeoutMs });
  const taskId = id ?? found?.taskId ?? generateId(randomBytes);
  const address = host ?? found?.address ?? LOOPBACK_ADDRESS;
  if (!TASK_ID_PATTERN.test(taskId)) throw new Error("TASK_ID must be 1 to 64 letters, digits, '-' and '_'");
  if (!ADDRESS_PATTERN.test(address))
    throw new Error('TASK_ADDRESS must be a host name or an IPv4 address, without a port');
  return { taskId, address, revision: found?.revision ?? null };
}

interface MetadataRequest {
  readonly url: string;
  readonly fetch: Fetch;
  readonly pauseMs: number;
  readonly timeoutMs: number;
}

async function readMetadata({ url, fetch, pauseMs, timeoutMs }: MetadataRequest): Promise<TaskIdentity> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { status, json } = await callEcsEndpoint({ fetch, url, signal: AbortSignal.timeout(timeoutMs) });
      if (status !== 200) throw new Error(`it answered with status ${status}`);
      return toIdentity(json);
    } catch (cause) {
      if (attempt === ATTEMPTS) throw metadataError(cause);
      await sleep(pauseMs);
    }
  }
}

function toIdentity(json: unknown): TaskIdentity {
  const { data, error } = metadataSchema.safeParse(json);
  if (error !== undefined) {
    const fields = new Set(error.issues.map(({ path }) => path.join('.') || 'a JSON object'));
    throw new Error(`these are missing or not of the documented form: ${[...fields].join(', ')}`);
  }
  const networks = data.Containers.flatMap(({ Networks = [] }) => Networks);
  const address = networks.find(({ NetworkMode }) => NetworkMode === 'awsvpc')?.IPv4Addresses?.[0];
  if (address === undefined) throw new Error('no container has an awsvpc network with an IPv4 address');
  return { taskId: data.TaskARN.slice(data.TaskARN.lastIndexOf('/') + 1), address, revision: Number(data.Revision) };
}

const metadataError = (cause: unknown): Error =>
  new Error(
    `the task can't learn who it is from ECS_CONTAINER_METADATA_URI_V4: ${cause instanceof Error ? cause.message : cause}`,
    { cause },
  );
