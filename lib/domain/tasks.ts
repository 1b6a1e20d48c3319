/** How often an encoder task renews its record. */
export const TASK_HEARTBEAT_MS = 1_000;

/** How long a task counts as alive after its last heartbeat. Several heartbeats in a row may fail. */
export const TASK_LEASE_MS = 8_000;

/** The form of a task's id: 32 hex digits in ECS, and a number with random hex digits on a laptop, as in 1-3fa9c2. */
export const TASK_ID_PATTERN = /^[A-Za-z0-9-]{1,64}$/;

/** What a task says of itself. A draining task takes no new publisher and hands its streams over. */
export type TaskState = 'active' | 'draining';

/** How much a task can encode. */
export interface ReportedRoom {
  readonly capacityVCpus: number;
  readonly usedVCpus: number;
}

/** What an encoder task tells the others with each heartbeat. */
export interface TaskHeartbeat {
  readonly taskId: string;
  /** `host:port` of the task's internal server. It is private: only other tasks may know it. */
  readonly address: string;
  readonly state: TaskState;
  /** ISO 8601, UTC. It differs if another process starts with the same id. */
  readonly startedAt: string;
  /** Milliseconds since 1970. After this moment the task counts as lost. */
  readonly heartbeatUntilMs: number;
  /** Revision of the task definition. Null outside ECS. */
  readonly revision: number | null;
  readonly room: ReportedRoom;
  readonly streamIds: readonly string[];
}

/** An encoder task as the others see it. */
export interface TaskRecord extends TaskHeartbeat {
  /** When somebody asked this process to drain (ISO 8601, UTC). Null if nobody has. */
  readonly drainRequestedAt: string | null;
}

/** Whether a task's last heartbeat still counts. */
export const isTaskAlive = ({ heartbeatUntilMs }: Pick<TaskRecord, 'heartbeatUntilMs'>, nowMs: number): boolean =>
  heartbeatUntilMs > nowMs;

/** Whether a task drains, or will as soon as it hears that somebody asked it to. */
export const isTaskDraining = ({ state, drainRequestedAt }: Pick<TaskRecord, 'state' | 'drainRequestedAt'>): boolean =>
  state === 'draining' || drainRequestedAt !== null;

/** What a task could still encode, in vCPUs. It is never negative, even if streams need more than was planned. */
export const freeVCpus = ({ capacityVCpus, usedVCpus }: ReportedRoom): number => Math.max(0, capacityVCpus - usedVCpus);
