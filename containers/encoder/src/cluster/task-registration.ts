import type { Logger } from 'pino';
import {
  isTaskAlive,
  isTaskDraining,
  TASK_HEARTBEAT_MS,
  TASK_LEASE_MS,
  type TaskHeartbeat,
  type TaskRecord,
} from '#domain/tasks.ts';
import type { TaskStore } from '#runtime/task-store.ts';

/** DynamoDB usually answers within 20 ms. */
const CALL_TIMEOUT_MS = 500;

export interface TaskRegistrationOptions {
  readonly store: TaskStore;
  /** What the others may know about this task. */
  readonly describe: () => Omit<TaskHeartbeat, 'heartbeatUntilMs'>;
  /** Called with each heartbeat's answer that somebody asked this task to drain. */
  readonly onDrainRequested: () => void;
  /** Called with all tasks that are known, after each look at them. */
  readonly onTasks: (tasks: readonly TaskRecord[]) => void;
  /** Looks after the streams of a task that has died. Resolves to true if none is left. */
  readonly onLostTask: (task: TaskRecord) => Promise<boolean>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/** Keeps this task's record up to date, and knows the other tasks. A store that can't be reached costs log lines only. */
export class TaskRegistration {
  readonly #options: TaskRegistrationOptions;
  #tasks: readonly TaskRecord[] = [];
  #timer: NodeJS.Timeout | null = null;
  #beating: Promise<void> = Promise.resolve();
  #isClosed = false;
  #isReachable = true;

  constructor(options: TaskRegistrationOptions) {
    this.#options = options;
  }

  /** The other tasks that live and take publishers. */
  get peers(): readonly TaskRecord[] {
    const { now, describe } = this.#options;
    const { taskId } = describe();
    return this.#tasks.filter((task) => task.taskId !== taskId && isTaskAlive(task, now()) && !isTaskDraining(task));
  }

  /** Resolves after the first attempt to register. */
  start(): Promise<void> {
    return this.#beat();
  }

  /** Stops the heartbeats. */
  stop(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Stops, and removes the record. */
  async close(): Promise<void> {
    this.stop();
    await this.#beating;
    const { store, describe, log } = this.#options;
    try {
      await store.remove(describe().taskId);
    } catch (error) {
      log.warn({ err: error }, 'task not removed from the registry; it counts as lost soon');
    }
  }

  #beat(): Promise<void> {
    const { now, log } = this.#options;
    const startedAtMs = now();
    this.#beating = this.#renew()
      .catch((error: unknown) => {
        if (this.#isReachable) log.warn({ err: error }, 'registry of tasks not reached');
        this.#isReachable = false;
      })
      .then(() => {
        if (this.#isClosed) return;
        const elapsedMs = Math.max(0, now() - startedAtMs);
        this.#timer = setTimeout(() => void this.#beat(), Math.max(0, TASK_HEARTBEAT_MS - elapsedMs));
      });
    return this.#beating;
  }

  async #renew(): Promise<void> {
    const { store, describe, onDrainRequested, onTasks, now, log } = this.#options;
    const record = { ...describe(), heartbeatUntilMs: now() + TASK_LEASE_MS };
    const { drainRequested } = await store.heartbeat(record, { signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    if (drainRequested) onDrainRequested();
    this.#tasks = await store.list();
    if (!this.#isReachable) log.info('registry of tasks reached again');
    this.#isReachable = true;
    onTasks(this.#tasks);
    for (const task of this.#tasks) if (!isTaskAlive(task, now())) await this.#bury(task);
  }

  async #bury(task: TaskRecord): Promise<void> {
    const { store, onLostTask, log } = this.#options;
    if (!(await onLostTask(task))) return;
    await store.remove(task.taskId);
    log.info({ lostTaskId: task.taskId }, 'record of a lost task removed');
  }
}
