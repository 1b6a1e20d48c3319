import type { LadderName } from './ladders.ts';

/**
 * vCPUs that one broadcast of a ladder takes. Measured with `npm run bench -- --only capacity` on a busy x86 machine
 * and rounded up: FFmpeg's CPU time per second of a source that has the ladder's own height and 30 frames per second.
 */
export const STREAM_VCPUS = {
  '360p': 0.25,
  '480p': 0.45,
  '720p': 0.9,
  '1080p': 2,
  '1440p': 3.6,
  '2160p': 6.4,
} as const satisfies Record<LadderName, number>;

/**
 * GiB that one broadcast takes. This is an estimate, not a measurement. It leaves room for the media in the playlists,
 * the publisher's tags and FFmpeg's frames.
 */
export const STREAM_MEMORY_GIB = {
  '360p': 0.25,
  '480p': 0.3,
  '720p': 0.4,
  '1080p': 0.6,
  '1440p': 0.9,
  '2160p': 1.8,
} as const satisfies Record<LadderName, number>;

/** vCPUs and GiB of a task that Node.js and the container itself take. */
export const TASK_OVERHEAD = { vCpus: 0.1, memoryGib: 0.25 } as const;

/**
 * The most stream slots that a task may have. No task that Fargate offers encodes more broadcasts than this at once.
 */
export const MAX_STREAM_SLOTS = 100;

/** How long a task may take to stop. Fargate allows no more. */
export const MAX_STOP_TIMEOUT_SECONDS = 120;

/** How many broadcasts of a ladder a task can encode in real time. */
export function streamCapacity(
  ladder: LadderName,
  task: { readonly vCpus: number; readonly memoryGib: number },
): number {
  const byCpu = (task.vCpus - TASK_OVERHEAD.vCpus) / STREAM_VCPUS[ladder];
  const byMemory = (task.memoryGib - TASK_OVERHEAD.memoryGib) / STREAM_MEMORY_GIB[ladder];
  return Math.max(0, Math.floor(Math.min(byCpu, byMemory)));
}
