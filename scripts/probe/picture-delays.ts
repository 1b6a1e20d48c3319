import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeFrameNumbers } from '#kit/frame-counter.ts';
import { percentile } from '#scripts/bench/latency-summary.ts';
import type { PlayableParts, PlayedPart } from './played-parts.ts';

/** What the picture says of itself. */
export interface PictureDelays {
  /** From the capture to the screen of a player that keeps the playlist's hold-back. Null if no frame was readable. */
  readonly delayP50Ms: number | null;
  readonly delayP95Ms: number | null;
  /** From the capture of a part's last frame to the part's arrival. */
  readonly arrivalP50Ms: number | null;
  /** How often such a player would have had to wait for a part, and for how long in all. */
  readonly stalls: number;
  readonly stalledMs: number;
  readonly frames: number;
  /** Frames whose counter could not be read. */
  readonly unreadable: number;
  /** How often a readable frame was not the one after the frame before. */
  readonly jumps: number;
}

export interface PictureOptions {
  readonly parts: PlayableParts;
  readonly framesPerSecond: number;
  /** After so many frames the counter starts again. */
  readonly clipFrames: number;
  readonly holdBackSeconds: number;
  /** When a frame was last captured before a time, both in milliseconds since 1970. Null if never. */
  readonly captureTimeMs: (frameNumber: number, atWallMs: number) => number | null;
  readonly signal: AbortSignal;
}

/** Decodes what a viewer got and compares each frame's capture with its presentation. Rejects if FFmpeg complains. */
export async function readPicture(options: PictureOptions): Promise<PictureDelays> {
  const numbers = await decode(options.parts, options.signal);
  return measurePicture(numbers, options);
}

/** The same for frame numbers that were decoded already; null for those that could not be read. */
export function measurePicture(
  numbers: readonly (number | null)[],
  { parts: { parts }, framesPerSecond, clipFrames, holdBackSeconds, captureTimeMs }: Omit<PictureOptions, 'signal'>,
): PictureDelays {
  const presentation = presentParts(parts, holdBackSeconds);
  const delaysMs: number[] = [];
  const arrivalsMs: number[] = [];
  let next = 0;
  for (const { shownAtMs, isSettled, durationSeconds, arrivedAtMs } of presentation.parts) {
    const own = numbers.slice(next, next + Math.round(durationSeconds * framesPerSecond));
    next += own.length;
    if (!isSettled) continue;
    const capturedAtMs = own.map((number) => (number === null ? null : captureTimeMs(number, arrivedAtMs)));
    for (const [index, captured] of capturedAtMs.entries()) {
      if (captured !== null) delaysMs.push(shownAtMs + (index * 1000) / framesPerSecond - captured);
    }
    const last = capturedAtMs.at(-1) ?? null;
    if (last !== null) arrivalsMs.push(arrivedAtMs - last);
  }
  const readable = numbers.filter((number) => number !== null);
  return {
    delayP50Ms: percentile(delaysMs, 50),
    delayP95Ms: percentile(delaysMs, 95),
    arrivalP50Ms: percentile(arrivalsMs, 50),
    stalls: presentation.stalls,
    stalledMs: presentation.stalledMs,
    frames: numbers.length,
    unreadable: numbers.length - readable.length,
    jumps: readable.filter((number, index) => index > 0 && number !== ((readable[index - 1] ?? 0) + 1) % clipFrames)
      .length,
  };
}

async function decode({ init, parts }: PlayableParts, signal: AbortSignal): Promise<readonly (number | null)[]> {
  const folder = await mkdtemp(join(tmpdir(), 'headend-probe-'));
  try {
    const path = join(folder, 'video.mp4');
    await writeFile(path, Buffer.concat([init, ...parts.map(({ media }) => media)]));
    return await decodeFrameNumbers(['-i', path], signal);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** How much faster a player plays that is too far behind. Headend's own plays up to a tenth faster. */
const CATCH_UP_SHARE = 0.05;

interface ShownPart extends PlayedPart {
  /** When its first frame is on the screen, in milliseconds since 1970. */
  readonly shownAtMs: number;
}

/**
 * Plays the parts as a low-latency player does: the hold-back behind the newest end of the playlist, evenly. A part that
 * is late stops the picture, and what follows is shown that much later until the player has caught up. Parts from
 * before the viewer had settled say nothing about that.
 */
function presentParts(parts: readonly PlayedPart[], holdBackSeconds: number) {
  let endMs = 0;
  const placed = parts.map((part) => {
    const startMs = endMs;
    endMs += part.durationSeconds * 1000;
    return { ...part, startMs, endMs };
  });
  const settled = placed.filter(({ isSettled }) => isSettled);
  const firstShownAtMs = Math.min(...settled.map((part) => part.arrivedAtMs - part.endMs)) + holdBackSeconds * 1000;
  let stalls = 0;
  let stalledMs = 0;
  let behindMs = 0;
  const shown: ShownPart[] = placed.map(({ startMs, ...part }) => {
    const lateMs = part.arrivedAtMs - (firstShownAtMs + startMs + behindMs);
    if (part.isSettled && lateMs > 0) {
      stalls += 1;
      stalledMs += lateMs;
      behindMs += lateMs;
    } else {
      behindMs = Math.max(0, behindMs - part.durationSeconds * 1000 * CATCH_UP_SHARE);
    }
    return { ...part, shownAtMs: firstShownAtMs + startMs + behindMs };
  });
  return { parts: shown, stalls, stalledMs };
}
