import type { RenditionTimeline } from '#encoder/package/rendition-timeline.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';

/** A blocked request gives up after this many target durations (RFC 8216bis 6.2.5.2). */
export const BLOCK_TARGET_DURATIONS = 3;

/** Waits until `isReady` returns true. Resolves to false after three target durations, or when `signal` aborts. */
export function untilReady(
  stream: StreamPackage,
  timeline: RenditionTimeline,
  isReady: () => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  return timeline.waitUntil(isReady, BLOCK_TARGET_DURATIONS * stream.targetDurationSeconds * 1000, signal);
}
