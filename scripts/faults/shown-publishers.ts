import type { IngestName } from '#domain/ingest-auth.ts';
import type { PresentedFrame } from '#kit/frame-counter.ts';

/** The frame counter of a backup's clip begins here. Nobody watches a primary one's for so long. */
export const BACKUP_FIRST_FRAME_NUMBER = 0x8000;

/** What a player has shown of a stream's two publishers. */
export interface ShownPublishers {
  /** Whose pictures, in order, without repetitions. */
  readonly order: readonly IngestName[];
  /** The longest time for which a picture stood. A player that waits may keep the last ones for later, so whose it was says nothing. */
  readonly longestFreezeSeconds: number;
}

/** Whose pictures frames are, oldest first. A slate has no counter, and is nobody's. */
export function shownPublishers(
  frames: readonly Pick<PresentedFrame, 'frameNumber' | 'displayedAtMs'>[],
): ShownPublishers {
  const order: IngestName[] = [];
  let longestFreezeMs = 0;
  let shownAtMs: number | null = null;
  for (const { frameNumber, displayedAtMs } of frames) {
    if (frameNumber === null) continue;
    const publisher = frameNumber < BACKUP_FIRST_FRAME_NUMBER ? 'primary' : 'backup';
    if (publisher !== order.at(-1)) order.push(publisher);
    longestFreezeMs = Math.max(longestFreezeMs, displayedAtMs - (shownAtMs ?? displayedAtMs));
    shownAtMs = displayedAtMs;
  }
  return { order, longestFreezeSeconds: longestFreezeMs / 1000 };
}
