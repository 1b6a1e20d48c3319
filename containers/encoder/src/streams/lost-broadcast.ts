import type { BroadcastState } from '#domain/streams.ts';
import { endedPackage } from '#encoder/package/lost-package.ts';
import { offeredSchema } from '#encoder/package/offered-renditions.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { mediaSequenceAfter } from './numbering.ts';

/** The end of a broadcast whose media is lost, for players that are still there. `epoch` is a new one. */
export function lostBroadcast({ sequence }: BroadcastState, epoch: number, nowMs: number): StreamPackage {
  const { latency } = sequence;
  const firstMsn = mediaSequenceAfter(sequence, nowMs);
  const offered = offeredSchema.safeParse(sequence.offered);
  if (!offered.success) return new StreamPackage({ latency, firstMsn });
  return endedPackage({
    ...{ latency, firstMsn, discontinuityNumber: epoch, offered: offered.data },
    endedAtMs: nowMs,
  });
}
