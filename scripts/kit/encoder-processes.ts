import { readFile } from 'node:fs/promises';
import { readDescendants } from './process-usage.ts';
import { waitFor } from './wait-for.ts';

/** The process of an encoder task that a platform on this machine runs. */
export interface TaskProcess {
  readonly pid: number;
  readonly taskId: string;
  /** Its place among the platform's tasks, from 0 on. A task that replaces another has its place. */
  readonly index: number;
  readonly isEncoding: boolean;
}

const TASK_ID = /(?:^|\0)TASK_ID=((\d+)-[0-9a-f]+)\0/;

/** The tasks that a platform runs now, by their places. */
export async function findTaskProcesses(platformPid: number): Promise<TaskProcess[]> {
  const descendants = await readDescendants(platformPid);
  const tasks = await Promise.all(
    descendants.map(async ({ pid, parentPid }) => {
      if (parentPid !== platformPid) return [];
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      const [, taskId, place] = TASK_ID.exec(environment) ?? [];
      if (taskId === undefined) return [];
      const isEncoding = descendants.some((child) => child.parentPid === pid && child.name === 'ffmpeg');
      return [{ pid, taskId, index: Number(place) - 1, isEncoding }];
    }),
  );
  return tasks.flat().toSorted((a, b) => a.index - b.index);
}

/** The one task that encodes. Waits until it is one, and one only. */
export function findEncodingTask(platformPid: number): Promise<TaskProcess> {
  return waitFor('one task that encodes', async () => {
    const encoding = (await findTaskProcesses(platformPid)).filter(({ isEncoding }) => isEncoding);
    return encoding.length === 1 ? encoding[0] : null;
  });
}

/** The newest FFmpeg of an encoder that encodes what a publisher sends. Others make slates. Null if there is none. */
export async function findLiveFfmpeg(encoderPid: number): Promise<number | null> {
  const ffmpegs = (await readDescendants(encoderPid)).filter(({ name }) => name === 'ffmpeg');
  for (const { pid } of ffmpegs.toSorted((a, b) => b.pid - a.pid)) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (commandLine.split('\0').includes('flv')) return pid;
  }
  return null;
}
