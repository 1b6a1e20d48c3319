import { type Part, type Segment, type SegmentStart, segmentBytes } from './segment.ts';
import { SegmentBitrates } from './segment-bitrates.ts';
import { WaitingRoom } from './waiting-room.ts';

/** A position in a playlist: part `part` of segment `msn`, or the whole segment if `part` is null. */
export interface PlaylistPosition {
  readonly msn: number;
  readonly part: number | null;
}

/** The run whose parts a timeline takes: its epoch, and the media sequence number of its first segment. */
export interface RunStart {
  readonly epoch: number;
  readonly firstMsn: number;
}

export interface RenditionTimelineOptions {
  /** How much media the playlist lists. */
  readonly windowSeconds: number;
  readonly targetDurationSeconds: number;
  readonly onChange: () => void;
}

/**
 * The segments of one rendition: those in the playlist, and those that have left it but may still be requested. Media
 * sequence numbers are consecutive, so a segment is found by subtraction. Memory is bounded by the playlist window.
 */
export class RenditionTimeline {
  /** All segments in memory, oldest first. The last one may be open. */
  #segments: Segment[] = [];
  /** Index of the first segment that the playlist lists. */
  #listedFrom = 0;
  readonly #waitingRoom = new WaitingRoom();
  #initSections = new Map<number, Buffer>();
  #isEnded = false;
  /** The run that parts come from. Null between two runs: then there is no part to hint at. */
  #run: RunStart | null = null;
  readonly bitrates: SegmentBitrates;
  readonly #options: RenditionTimelineOptions;

  constructor(options: RenditionTimelineOptions) {
    this.#options = options;
    this.bitrates = new SegmentBitrates(options.targetDurationSeconds);
  }

  /** A run has begun. Its segments need `initSection`. */
  beginRun(run: RunStart, initSection: Buffer): void {
    this.#initSections.set(run.epoch, initSection);
    this.#run = run;
    this.#changed();
  }

  /**
   * Adds a part to the open segment, or to a new one. If segment numbers were skipped, they are listed as gaps, so that
   * numbers stay consecutive.
   */
  addPart(start: SegmentStart, part: Part, completesSegment: boolean): void {
    const segment = this.#openSegment() ?? this.#startSegment(start);
    segment.parts.push(part);
    segment.durationSeconds += part.durationSeconds;
    if (completesSegment) this.#complete(segment);
    this.#changed();
  }

  /** The run has ended. Closes its open segment, however short; the hinted part will not come. */
  pause(): void {
    const segment = this.#openSegment();
    if (segment !== undefined) this.#complete(segment);
    this.#run = null;
    this.#changed();
  }

  /** The stream has ended, and nothing more will be added (EXT-X-ENDLIST). */
  end(): void {
    this.#isEnded = true;
    this.#changed();
  }

  get ended(): boolean {
    return this.#isEnded;
  }

  /** The segments that the playlist lists, oldest first. The last one may be open. */
  listed(): readonly Segment[] {
    return this.#segments.slice(this.#listedFrom);
  }

  /** The newest segment, complete or not. */
  newest(): Segment | undefined {
    return this.#segments.at(-1);
  }

  /** The highest media sequence number so far, or -1. */
  lastMsn(): number {
    return this.#segments.at(-1)?.msn ?? -1;
  }

  initSection(epoch: number): Buffer | undefined {
    return this.#initSections.get(epoch);
  }

  /** Finds a segment by the two numbers in its name. */
  segment(epoch: number, msn: number): Segment | undefined {
    const first = this.#segments[0];
    if (first === undefined) return undefined;
    const segment = this.#segments[msn - first.msn];
    return segment?.epoch === epoch && !segment.isGap ? segment : undefined;
  }

  /** All segments in memory, listed or not. */
  held(): readonly Segment[] {
    return this.#segments;
  }

  /** The part that comes next, for EXT-X-PRELOAD-HINT. Undefined if no run is active. */
  nextPart(): { epoch: number; msn: number; part: number } | undefined {
    const last = this.#segments.at(-1);
    if (this.#run === null || this.#isEnded) return undefined;
    if (last === undefined || last.epoch !== this.#run.epoch) {
      return { epoch: this.#run.epoch, msn: this.#run.firstMsn, part: 0 };
    }
    if (last.isComplete) return { epoch: last.epoch, msn: last.msn + 1, part: 0 };
    return { epoch: last.epoch, msn: last.msn, part: last.parts.length };
  }

  /**
   * Whether the playlist has reached a position. A part index past the segment's end means the next segment's first
   * part (RFC 8216bis 6.2.5.2); every segment has at least one part.
   */
  contains(position: PlaylistPosition): boolean {
    const last = this.#segments.at(-1);
    if (last === undefined || position.msn > last.msn) return false;
    if (position.msn < last.msn) return true;
    return position.part === null ? last.isComplete : position.part < last.parts.length;
  }

  /**
   * Waits until `isReady` returns true; checks again after every change of this timeline. Resolves to false after
   * `timeoutMs`, or when `signal` aborts.
   */
  waitUntil(isReady: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    return this.#waitingRoom.wait(isReady, timeoutMs, signal);
  }

  /** How many requests are waiting. */
  get waiting(): number {
    return this.#waitingRoom.size;
  }

  #startSegment(start: SegmentStart): Segment {
    const last = this.#segments.at(-1);
    if (last !== undefined && start.msn <= last.msn) throw new Error(`segment ${start.msn} follows ${last.msn}`);
    if (last !== undefined) this.#fillGap(last, start.msn);
    const segment: Segment = { ...start, parts: [], durationSeconds: 0, isComplete: false, isGap: false };
    this.#segments.push(segment);
    return segment;
  }

  /** Adds gaps for the segments that this rendition lacks because it lagged behind the others when its run ended. */
  #fillGap(last: Segment, msn: number): void {
    const { targetDurationSeconds } = this.#options;
    let programDateTimeMs = last.programDateTimeMs + last.durationSeconds * 1000;
    for (let missing = last.msn + 1; missing < msn; missing++) {
      const gap = { ...last, msn: missing, programDateTimeMs, durationSeconds: targetDurationSeconds };
      this.#segments.push({ ...gap, parts: [], isComplete: true, isGap: true });
      this.bitrates.addGap();
      programDateTimeMs += targetDurationSeconds * 1000;
    }
  }

  #openSegment(): Segment | undefined {
    const last = this.#segments.at(-1);
    return last?.isComplete ? undefined : last;
  }

  #complete(segment: Segment): void {
    segment.isComplete = true;
    this.bitrates.add(segmentBytes(segment), segment.durationSeconds);
    this.#slideWindow();
  }

  /**
   * Removes segments from the playlist when they leave the window, and from memory one window later. A segment must
   * stay available for its duration plus that of the longest playlist that listed it (RFC 8216bis 6.2.2).
   */
  #slideWindow(): void {
    const { windowSeconds } = this.#options;
    this.#listedFrom = Math.max(this.#listedFrom, this.#firstWithin(windowSeconds));
    const keepFrom = this.#firstWithin(2 * windowSeconds);
    if (keepFrom === 0) return;
    this.#segments = this.#segments.slice(keepFrom);
    this.#listedFrom -= keepFrom;
    const oldestEpoch = this.#segments[0]?.epoch ?? 0;
    for (const epoch of this.#initSections.keys()) {
      if (epoch < oldestEpoch) this.#initSections.delete(epoch);
    }
  }

  /** Index of the oldest segment for which it and all newer ones together last at most `seconds`. */
  #firstWithin(seconds: number): number {
    let index = this.#segments.length;
    let total = 0;
    while (index > 0) {
      total += this.#segments[index - 1]?.durationSeconds ?? 0;
      if (total > seconds) break;
      index--;
    }
    return Math.min(index, this.#segments.length - 1);
  }

  #changed(): void {
    this.#options.onChange();
    this.#waitingRoom.recheck();
  }
}
