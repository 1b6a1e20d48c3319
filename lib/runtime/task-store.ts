import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  ScanCommand,
  type ScanCommandOutput,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type { TableNames } from '#domain/tables.ts';
import type { TaskHeartbeat, TaskRecord } from '#domain/tasks.ts';
import { updateIf } from './conditional-writes.ts';
import { StoreUnavailableError } from './store-unavailable.ts';

/** How long the record of a task stays after its last heartbeat, in seconds. DynamoDB may take days longer. */
const DEAD_TASK_SECONDS = 24 * 3600;

/** Bounds a list. A page is a megabyte, so these hold thousands of tasks. */
const LIST_PAGES = 10;

/** The attributes that a heartbeat writes. Whether somebody asked for a drain is not the task's to say. */
const HEARTBEAT_FIELDS = [
  'address',
  'state',
  'startedAt',
  'heartbeatUntilMs',
  'revision',
  'room',
  'streamIds',
] as const satisfies readonly (keyof TaskHeartbeat)[];

/** The encoder tasks, in DynamoDB. Every method rejects with the SDK's error. */
export interface TaskStore {
  /**
   * Writes what a task says of itself, and resolves to whether somebody asked this process to drain. The first
   * heartbeat of another process with the same id forgets what its predecessor was asked. `signal` aborts the call.
   */
  heartbeat(
    task: TaskHeartbeat,
    options?: { readonly signal?: AbortSignal },
  ): Promise<{ readonly drainRequested: boolean }>;
  /**
   * All records, also those of tasks that are dead (`isTaskAlive`), in an order that means nothing. The read is
   * strongly consistent.
   */
  list(): Promise<readonly TaskRecord[]>;
  /** Asks a task to drain. It hears so from its next heartbeat. Resolves to false if no task with this id is alive. */
  requestDrain(taskId: string, nowMs: number): Promise<boolean>;
  /** Removes the record of a task that ends. A later heartbeat would bring it back, so the last one must be over. */
  remove(taskId: string): Promise<void>;
}

/** What the store needs: a client and the name of its table. */
export interface TaskStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tables: Pick<TableNames, 'TASKS_TABLE'>;
}

/** A TaskStore. */
export function createTaskStore({ client, tables }: TaskStoreOptions): TaskStore {
  const TableName = tables.TASKS_TABLE;

  const heartbeat: TaskStore['heartbeat'] = async (task, { signal } = {}) => {
    const write = { TableName, Key: { taskId: task.taskId }, ...heartbeatUpdate(task) };
    const renewal = { ...write, ConditionExpression: 'attribute_not_exists(#startedAt) OR #startedAt = :startedAt' };
    const renewed = await updateIf(client, renewal, signal);
    if (renewed !== null) return { drainRequested: 'drainRequestedAt' in renewed };
    const takeover = {
      ...write,
      UpdateExpression: `${write.UpdateExpression} REMOVE drainRequestedAt`,
      // The SDK repeats a call whose answer was lost. By then, somebody may have asked this process.
      ConditionExpression: '#startedAt <> :startedAt',
    };
    await updateIf(client, takeover, signal);
    return { drainRequested: false };
  };

  const list: TaskStore['list'] = async () => {
    const tasks: TaskRecord[] = [];
    let last: ScanCommandOutput['LastEvaluatedKey'];
    for (let page = 0; page < LIST_PAGES; page += 1) {
      const { Items = [], LastEvaluatedKey }: ScanCommandOutput = await client.send(
        new ScanCommand({ TableName, ConsistentRead: true, ...(last && { ExclusiveStartKey: last }) }),
      );
      tasks.push(...Items.map(toTaskRecord));
      if (LastEvaluatedKey === undefined) return tasks;
      last = LastEvaluatedKey;
    }
    throw new StoreUnavailableError(`there are more than ${LIST_PAGES} pages of tasks`);
  };

  const requestDrain: TaskStore['requestDrain'] = async (taskId, nowMs) => {
    const requested = await updateIf(client, {
      TableName,
      Key: { taskId },
      // A repeated request keeps the moment of the first.
      UpdateExpression: 'SET drainRequestedAt = if_not_exists(drainRequestedAt, :requestedAt)',
      // False for an item that does not exist, so none is created.
      ConditionExpression: 'heartbeatUntilMs > :nowMs',
      ExpressionAttributeValues: { ':requestedAt': new Date(nowMs).toISOString(), ':nowMs': nowMs },
    });
    return requested !== null;
  };

  const remove: TaskStore['remove'] = async (taskId) => {
    await client.send(new DeleteCommand({ TableName, Key: { taskId } }));
  };

  return { heartbeat, list, requestDrain, remove };
}

/** Every name has a placeholder, because some are reserved words in DynamoDB's expressions. */
function heartbeatUpdate(task: TaskHeartbeat) {
  const assignments = HEARTBEAT_FIELDS.map((name) => `#${name} = :${name}`);
  const expiresAtSeconds = Math.floor(task.heartbeatUntilMs / 1000) + DEAD_TASK_SECONDS;
  return {
    UpdateExpression: `SET expiresAtSeconds = :expiresAtSeconds, ${assignments.join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(HEARTBEAT_FIELDS.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: {
      ':expiresAtSeconds': expiresAtSeconds,
      ...Object.fromEntries(HEARTBEAT_FIELDS.map((name) => [`:${name}`, task[name]])),
    },
    ReturnValues: 'ALL_NEW',
  } satisfies Partial<UpdateCommandInput>;
}

function toTaskRecord({ expiresAtSeconds: _expiry, ...task }: Record<string, unknown>): TaskRecord {
  return { drainRequestedAt: null, ...(task as unknown as TaskHeartbeat) };
}
