import type { TimelineSnapshot } from './package-snapshot.ts';
import { endSeconds, type Part, type Segment, type SegmentStart, segmentBytes } from './segment.ts';
import { NOTHING_MEASURED, SegmentBitrates } from './segment-bitrates.ts';
import { NO_SEGMENTS, SegmentWindow } from './segment-window.ts';
import { WaitingRoom } from './waiting-room.ts';
import { WithheldParts } from './withheld-parts.ts';

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
 * Segments that left the playlist this many target durations ago move with a stream to another task. A player that
 * loads an older one is so far behind that it has lost the live edge anyway.
 */
const MOVED_TARGET_DURATIONS = 3;
/** The open segment, and what begins within the time that a manifest announces. */
const MAX_ANNOUNCED_SEGMENTS = 4;
const NOTHING: TimelineSnapshot<never> = { ...NO_SEGMENTS, initSections: [], bitrates: NOTHING_MEASURED };

/** The segments of one rendition, across media runs, and the requests that wait for the next ones. */
export class RenditionTimeline {
  readonly #segments: SegmentWindow;
  readonly #waitingRoom = new WaitingRoom();
  readonly #initSections: Map<number, Buffer>;
  #isEnded = false;
  /** Null if parts are published as they come. */
  #withheld: WithheldParts | null = null;
  /** When the newest part came, by `performance.now()`. */
  #partAtMs = Number.NEGATIVE_INFINITY;
  /** The run that parts come from. Null between two runs: then there is no part to hint at. */
  #run: RunStart | null = null;
  readonly bitrates: SegmentBitrates;
  readonly #options: RenditionTimelineOptions;

  /** Continues a snapshot, or begins with nothing. */
  constructor(options: RenditionTimelineOptions, past: TimelineSnapshot = NOTHING) {
    this.#options = options;
    this.#segments = new SegmentWindow(options.windowSeconds, past);
    this.#initSections = new Map(past.initSections.map(({ epoch, data }) => [epoch, data]));
    this.bitrates = new SegmentBitrates(options.targetDurationSeconds, past.bitrates);
  }

  /** Whether players can go on from the newest segment with the init section that they have. */
  goesOnWith(initSection: Buffer): boolean {
    const { newest } = this.#segments;
    return newest === undefined || this.#initSections.get(newest.epoch)?.equals(initSection) === true;
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
    this.#partAtMs = performance.now();
    const open = this.#openSegment();
    if (open === undefined && this.#withheld !== null && start.msn > this.#withheld.afterMsn) {
      this.#withheld.add({ start, part, completesSegment });
      return;
    }
    const segment = open ?? this.#startSegment(start);
    segment.parts.push(part);
    segment.durationSeconds += part.durationSeconds;
    if (completesSegment) this.#complete(segment);
    this.#changed();
  }

  /** The run has ended. Closes its open segment, however short; the hinted part will not come. */
  pause(): void {
    const segment = this.#openSegment();
    if (segment !== undefined) this.#complete(segment);
    this.#withheld?.completeSegment();
    this.#run = null;
    this.#changed();
  }

  /** Keeps back what follows a segment, so that the end can come with a segment that players have not seen. */
  withhold(afterMsn: number): void {
    this.#withheld ??= new WithheldParts(afterMsn);
  }

  /** Whether something is kept back. Null if nothing was to be. */
  get hasWithheld(): boolean | null {
    return this.#withheld === null ? null : !this.#withheld.isEmpty;
  }

  /** There is no end after all. Publishes what was kept back. */
  publishWithheld(): void {
    const parts = this.#withheld?.all ?? [];
    this.#withheld = null;
    for (const { start, part, completesSegment } of parts) this.addPart(start, part, completesSegment);
  }

  /** Nothing of what was kept back is published. */
  dropWithheld(): void {
    this.#withheld = null;
  }

  /**
   * The stream has ended, and nothing more will be added (EXT-X-ENDLIST). What was kept back last becomes the last segment, with its
   * first part alone. It comes with the end in one playlist.
   */
  end(): void {
    const last = this.#withheld?.first;
    this.#withheld = null;
    this.#isEnded = true;
    if (last !== undefined) this.addPart(last.start, last.part, true);
    this.#changed();
  }

  /** Nothing will be added here, because the stream goes on elsewhere. Requests that wait for more are released. */
  freeze(): void {
    this.publishWithheld();
    this.pause();
    this.#waitingRoom.close();
  }

  /** All that another task needs to continue. Throws if a segment is open. Shares media with this timeline. */
  snapshot(): TimelineSnapshot {
    if (this.#openSegment() !== undefined) throw new Error('a rendition with an open segment cannot be moved');
    const range = this.#segments.recent(MOVED_TARGET_DURATIONS * this.#options.targetDurationSeconds);
    const epochs = this.#neededInitSections(range.segments);
    const initSections = [...this.#initSections].filter(([epoch]) => epochs.has(epoch));
    return {
      ...range,
      initSections: initSections.map(([epoch, data]) => ({ epoch, data })),
      bitrates: this.bitrates.snapshot(),
    };
  }

  get ended(): boolean {
    return this.#isEnded;
  }

  /** Whether nothing has come since the last run ended, or for so long: then FFmpeg waits for the publisher. */
  isInterrupted(silenceMs: number): boolean {
    const newest = this.#segments.newest;
    if (newest === undefined || this.#isEnded) return false;
    return newest.epoch !== this.#run?.epoch || performance.now() - this.#partAtMs > silenceMs;
  }

  /** The segments that the playlist lists, oldest first. The last one may be open. */
  listed(): readonly Segment[] {
    return this.#segments.listed();
  }

  /** The newest segment, complete or not. */
  newest(): Segment | undefined {
    return this.#segments.newest;
  }

  /** The newest segment that will not change and has media. */
  newestComplete(): Segment | undefined {
    return this.#segments.all().findLast(({ isComplete, isGap }) => isComplete && !isGap);
  }

  /** The highest media sequence number so far, or -1. */
  lastMsn(): number {
    return this.#segments.newest?.msn ?? -1;
  }

  initSection(epoch: number): Buffer | undefined {
    return this.#initSections.get(epoch);
  }

  /**
   * The epoch in the name of a segment's init section: that of the first run of those that go on without a discontinuity. If no init
   * section is in memory, it is the one that players were told, and undefined for a gap.
   */
  mapEpoch({ epoch, mapEpoch, isGap }: Segment): number | undefined {
    return this.#initEpoch(epoch) ?? mapEpoch ?? (isGap ? undefined : epoch);
  }

  #initEpoch(epoch: number): number | undefined {
    const initSection = this.#initSections.get(epoch);
    if (initSection === undefined) return undefined;
    for (const [first, data] of this.#initSections) if (data === initSection) return first;
    return epoch;
  }

  /** Finds a segment by the two numbers in its name. Undefined if its media is not here. */
  segment(epoch: number, msn: number): Segment | undefined {
    const segment = this.#segments.find(msn);
    return segment?.epoch === epoch && segment.parts.length > 0 ? segment : undefined;
  }

  /**
   * Whether a DASH manifest may have announced a segment that its run has not made: it is one of the few after the run's newest. What
   * a manifest has announced is never taken back.
   */
  mayHaveAnnounced(epoch: number, msn: number): boolean {
    const newest = this.#segments.all().findLast((segment) => segment.epoch === epoch && !segment.isGap);
    const lastMsn = newest?.msn ?? (this.#run?.epoch === epoch ? this.#run.firstMsn - 1 : Number.POSITIVE_INFINITY);
    return msn > lastMsn && msn <= lastMsn + MAX_ANNOUNCED_SEGMENTS;
  }

  /** What another run has made in place of a segment that was announced: a client with the announced run's init section can play it. */
  continuation(epoch: number, msn: number): Segment | undefined {
    const before = this.#segments.all().findLast((segment) => segment.epoch === epoch);
    const segment = this.#segments.find(msn);
    if (before === undefined || segment === undefined || segment.parts.length === 0 || msn <= before.msn)
      return undefined;
    const goesOn = segment.discontinuityNumber === before.discontinuityNumber;
    const initSection = this.#initSections.get(segment.epoch);
    return goesOn && initSection !== undefined && this.#initSections.get(epoch)?.equals(initSection)
      ? segment
      : undefined;
  }

  /** All segments in memory, listed or not. */
  held(): readonly Segment[] {
    return this.#segments.all();
  }

  /** The part that comes next, for EXT-X-PRELOAD-HINT. Undefined if no run is active, unless it is here already, but kept back. */
  nextPart(): { epoch: number; msn: number; part: number } | undefined {
    const last = this.#segments.newest;
    const withheld = this.#withheld?.first?.start;
    if (this.#isEnded) return undefined;
    if (withheld !== undefined) return { epoch: withheld.epoch, msn: withheld.msn, part: 0 };
    if (this.#run === null) return undefined;
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
    const last = this.#segments.newest;
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
    const last = this.#segments.newest;
    if (last !== undefined && start.msn <= last.msn) throw new Error(`segment ${start.msn} follows ${last.msn}`);
    if (last !== undefined) this.#fillGap(last, start.msn);
    if (last?.discontinuityNumber === start.discontinuityNumber) this.#keepInitSection(last.epoch, start.epoch);
    const segment: Segment = { ...start, parts: [], durationSeconds: 0, isComplete: false, isGap: false };
    this.#segments.push(segment);
    return segment;
  }

  /** A run goes on without a discontinuity, and with the init section that players have. */
  #keepInitSection(before: number, epoch: number): void {
    const known = this.#initSections.get(before);
    const own = this.#initSections.get(epoch);
    if (known !== undefined && own?.equals(known) === true) this.#initSections.set(epoch, known);
  }

  /** The epochs under which the init sections of segments are known, and those in their names. */
  #neededInitSections(segments: readonly Segment[]): ReadonlySet<number> {
    const epochs = new Set(segments.map(({ epoch }) => epoch));
    return new Set([...epochs].flatMap((epoch) => [epoch, this.#initEpoch(epoch) ?? epoch]));
  }

  /** Adds gaps for the segments that this rendition lacks because it lagged behind the others when its run ended. */
  #fillGap(last: Segment, msn: number): void {
    const { targetDurationSeconds } = this.#options;
    const mediaSeconds = endSeconds(last);
    let programDateTimeMs = last.programDateTimeMs + last.durationSeconds * 1000;
    for (let missing = last.msn + 1; missing < msn; missing++) {
      const gap = { ...last, msn: missing, mediaSeconds, programDateTimeMs, durationSeconds: targetDurationSeconds };
      this.#segments.push({ ...gap, parts: [], isComplete: true, isGap: true });
      this.bitrates.addGap();
      programDateTimeMs += targetDurationSeconds * 1000;
    }
  }

  #openSegment(): Segment | undefined {
    const last = this.#segments.newest;
    return last?.isComplete ? undefined : last;
  }

  #complete(segment: Segment): void {
    segment.isComplete = true;
    this.bitrates.add(segmentBytes(segment), segment.durationSeconds);
    this.#segments.slide();
    const oldestEpoch = this.#segments.oldest?.epoch ?? 0;
    const needed = this.#neededInitSections(this.#segments.all());
    for (const epoch of this.#initSections.keys()) {
      if (epoch < oldestEpoch && !needed.has(epoch)) this.#initSections.delete(epoch);
    }
  }

  #changed(): void {
    this.#options.onChange();
    this.#waitingRoom.recheck();
  }
}
