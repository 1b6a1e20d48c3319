import { type Part, type Segment, type SegmentStart, segmentBytes } from './segment.ts';
import { SegmentBitrates } from './segment-bitrates.ts';
import { WaitingRoom } from './waiting-room.ts';

/** A place in a playlist: part `part` of segment `msn`, or (`part: null`) the whole segment. */
export interface Position {
  readonly msn: number;
  readonly part: number | null;
}

/** The encoder run whose parts a timeline takes: their epoch, and the media sequence number of its first segment. */
export interface RunStart {
  readonly epoch: number;
  readonly firstMsn: number;
}

/** Lengths in seconds. */
export interface RenditionTimelineOptions {
  /** Media kept in the playlist. */
  readonly windowSeconds: number;
  readonly targetDurationSeconds: number;
  readonly onChange: () => void;
}

/**
 * The segments of one rendition: those in the playlist, and those that have left it but may still be asked for. Media
 * sequence numbers are consecutive, so a segment is found by subtraction. Bounded by the playlist window.
 */
export class RenditionTimeline {
  /** All segments in memory, oldest first; the last may be open. */
  #segments: Segment[] = [];
  /** Index of the first segment that the playlist lists. */
  #listedFrom = 0;
  readonly #waitingRoom = new WaitingRoom();
  #initSections = new Map<number, Buffer>();
  #isEnded = false;
  /** The run that parts come from; null when it has ended and no other has begun: there is no part to hint at. */
  #run: RunStart | null = null;
  readonly bitrates: SegmentBitrates;
  readonly #options: RenditionTimelineOptions;

  constructor(options: RenditionTimelineOptions) {
    this.#options = options;
    this.bitrates = new SegmentBitrates(options.targetDurationSeconds);
  }

  /** A run has begun; `initSection` is what its segments need. */
  beginRun(run: RunStart, initSection: Buffer): void {
    this.#initSections.set(run.epoch, initSection);
    this.#run = run;
    this.#changed();
  }

  /**
   * Adds a part, to a new segment where none is open, and completes the segment with its last part. Where segment numbers
   * were skipped, the hole is listed as gaps, so that numbers stay consecutive.
   */
  addPart(start: SegmentStart, part: Part, completesSegment: boolean): void {
    const segment = this.#openSegment() ?? this.#startSegment(start);
    segment.parts.push(part);
    segment.durationSeconds += part.durationSeconds;
    if (completesSegment) this.#complete(segment);
    this.#changed();
  }

  /** The run has ended: its open segment stays as short as it is, and nothing it hinted at will come. */
  pause(): void {
    const segment = this.#openSegment();
    if (segment !== undefined) this.#complete(segment);
    this.#run = null;
    this.#changed();
  }

  /** Nothing will be added any more (EXT-X-ENDLIST). */
  end(): void {
    this.#isEnded = true;
    this.#changed();
  }

  get ended(): boolean {
    return this.#isEnded;
  }

  /** Segments that the playlist lists, oldest first; the last may be open. */
  listed(): readonly Segment[] {
    return this.#segments.slice(this.#listedFrom);
  }

  /** The newest segment, complete or not. */
  newest(): Segment | undefined {
    return this.#segments.at(-1);
  }

  /** Highest media sequence number ever used, or -1. */
  lastMsn(): number {
    return this.#segments.at(-1)?.msn ?? -1;
  }

  initSection(epoch: number): Buffer | undefined {
    return this.#initSections.get(epoch);
  }

  /** A segment in memory by the two numbers of its name. */
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

  /** The part that comes next: what EXT-X-PRELOAD-HINT names. Undefined while nothing is being made. */
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
   * Whether the playlist has come to a position. A part index past its segment's end means the next segment's first part
   * (RFC 8216bis 6.2.5.2); every segment here has at least one.
   */
  contains(position: Position): boolean {
    const last = this.#segments.at(-1);
    if (last === undefined || position.msn > last.msn) return false;
    if (position.msn < last.msn) return true;
    return position.part === null ? last.isComplete : position.part < last.parts.length;
  }

  /**
   * Waits until `isReady`, which every change of this timeline asks again. Resolves with false after `timeoutMs`, or when
   * `signal` aborts first.
   */
  waitUntil(isReady: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    return this.#waitingRoom.wait(isReady, timeoutMs, signal);
  }

  /** Requests that wait now. */
  get waiting(): number {
    return this.#waitingRoom.size;
  }

  #startSegment(start: SegmentStart): Segment {
    const last = this.#segments.at(-1);
    if (last !== undefined && start.msn <= last.msn) throw new Error(`segment ${start.msn} follows ${last.msn}`);
    if (last !== undefined) this.#fillHole(last, start.msn);
    const segment: Segment = { ...start, parts: [], durationSeconds: 0, isComplete: false, isGap: false };
    this.#segments.push(segment);
    return segment;
  }

  /** Other renditions have segments between `last` and `msn`; where this one lagged behind when its run ended, it has none. */
  #fillHole(last: Segment, msn: number): void {
    const { targetDurationSeconds } = this.#options;
    let programDateTimeMs = last.programDateTimeMs + last.durationSeconds * 1000;
    for (let missing = last.msn + 1; missing < msn; missing++) {
      const hole = { ...last, msn: missing, programDateTimeMs, durationSeconds: targetDurationSeconds };
      this.#segments.push({ ...hole, parts: [], isComplete: true, isGap: true });
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
   * Unlists segments beyond the window, and forgets those that left it a window ago: a segment stays available for its own
   * duration plus that of the longest playlist it was in (RFC 8216bis 6.2.2).
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

  /** Index of the oldest segment such that it and all newer ones last at most `seconds`. */
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
