import { setPriority } from 'node:os';
import type { SpawnProcess } from './ffmpeg-process.ts';

/** A third of the CPU that a live FFmpeg gets if there is not enough for both. Much less could take for ever. */
const NICENESS = 5;

/** Starts FFmpegs to which live ones are preferred. Their threads inherit the priority, because they start later. */
export function atLowPriority(spawn: SpawnProcess): SpawnProcess {
  return (command, args, options) => {
    const child = spawn(command, args, options);
    try {
      if (child.pid !== undefined) setPriority(child.pid, NICENESS);
    } catch {
      // It has ended already, which its exit reports.
    }
    return child;
  };
}
