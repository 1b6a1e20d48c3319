import { AUDIO_RENDITION } from '#domain/ladders.ts';
import { LATENCY_PROFILES, type LatencyName, type LatencyProfile } from '#domain/latency-profiles.ts';
import { frameStep, type MediaRun, type RunFormat, type RunSink, renditionNames } from '#encoder/media/media-run.ts';
import { cutGrid, partTargetSeconds, shortestPartSeconds } from './cut-grid.ts';
import { RenditionRun } from './rendition-run.ts';
import { RenditionTimeline } from './rendition-timeline.ts';
import { RunClock } from './run-clock.ts';

/** No part may be shorter than this share of PART-TARGET (RFC 8216bis 4.4.3.7). */
const SHORTEST_PART_SHARE = 0.85;

/** A run that is being packaged. */
interface PackagedRun {
  readonly run: MediaRun;
  readonly renditions: ReadonlyMap<string, RenditionRun>;
  isOver: boolean;
}

/** A stream's renditions in memory, across media runs, from its first part to its EXT-X-ENDLIST. */
export class StreamPackage {
  readonly profile: LatencyProfile;
  readonly #timelines = new Map<string, RenditionTimeline>();
  readonly #firstMsn: number;
  #active: PackagedRun | null = null;
  #announced: PackagedRun | null = null;
  #discontinuityNumber: number | null = null;
  #longestPartSeconds = 0;
  #shortestPartSeconds = Number.POSITIVE_INFINITY;
  #isEnded = false;
  #changes = 0;

  /**
   * `firstMsn` is the media sequence number of the first segment. It must be above every number that viewers have seen.
   */
  constructor(options: { readonly latency: LatencyName; readonly firstMsn: number }) {
    this.profile = LATENCY_PROFILES[options.latency];
    this.#firstMsn = options.firstMsn;
  }

  /** Counts the changes of all renditions. A rendered playlist is valid until the version changes. */
  get version(): number {
    return this.#changes;
  }

  get ended(): boolean {
    return this.#isEnded;
  }

  /** EXT-X-PART-INF's PART-TARGET in seconds: the longest part of any run so far. */
  get partTargetSeconds(): number {
    return this.#longestPartSeconds;
  }

  /** EXT-X-TARGETDURATION in whole seconds; it must never change (RFC 8216bis 6.2.1). */
  get targetDurationSeconds(): number {
    return this.profile.segmentSeconds;
  }

  /** The newest run of which every rendition has a part. The multivariant playlist offers it. Null before the first. */
  get playableRun(): MediaRun | null {
    return this.#announced?.run ?? null;
  }

  /** All renditions. Includes those that the newest run no longer makes, because players stay on the one they chose. */
  get renditions(): ReadonlyMap<string, RenditionTimeline> {
    return this.#timelines;
  }

  /** RFC 6381 codec string of a rendition of the playable run; null if the run has no such rendition. */
  codec(rendition: string): string | null {
    return this.#announced?.renditions.get(rendition)?.codec ?? null;
  }

  /**
   * Whether players of this package can continue with `run`. A run may drop a picture size, but players that chose
   * video with separate audio cannot continue without one of the two. PART-TARGET never shrinks, so the parts of all
   * runs must be long enough for the longest PART-TARGET. Only a large change of a low frame rate breaks that rule.
   */
  fits(run: RunFormat): boolean {
    const current = this.#active?.run;
    if (current === undefined) return true;
    if (current.video.length > 0 !== run.video.length > 0 || (current.audio === null) !== (run.audio === null))
      return false;
    const { longestSeconds, shortestSeconds } = this.#partLengthsWith(run);
    return this.profile.partSeconds === null || shortestSeconds >= SHORTEST_PART_SHARE * longestSeconds;
  }

  /**
   * Ends the current run and starts a new one, which is a discontinuity in every rendition (RFC 8216bis 4.4.4.3). The
   * sink's `write` throws on malformed output, and that ends the run.
   */
  beginRun(run: MediaRun): RunSink {
    this.#endRun();
    const grid = cutGrid(this.profile, run);
    const { longestSeconds, shortestSeconds } = this.#partLengthsWith(run);
    this.#longestPartSeconds = longestSeconds;
    this.#shortestPartSeconds = shortestSeconds;
    const shared = {
      run,
      grid,
      clock: new RunClock(run),
      firstMsn: this.nextMsn(),
      discontinuityNumber: this.#nextDiscontinuityNumber(run.epoch),
    };
    const renditions = new Map<string, RenditionRun>();
    for (const name of renditionNames(run)) {
      const isLeader = name !== AUDIO_RENDITION || run.video.length === 0;
      const step = frameStep(run.video.find((rendition) => rendition.name === name));
      const timelines = this.#timelinesFedBy(name, run);
      renditions.set(name, new RenditionRun({ ...shared, isLeader, frameStep: step, timelines }));
    }
    const active: PackagedRun = { run, renditions, isOver: false };
    this.#active = active;
    return {
      write: (rendition, chunk) => this.#write(active, rendition, chunk),
      end: () => {
        if (this.#active === active) this.#endRun();
      },
    };
  }

  /** Ends the stream. Every playlist gets its EXT-X-ENDLIST, even if ending the run throws. */
  end(): void {
    try {
      this.#endRun();
    } finally {
      this.#isEnded = true;
      for (const timeline of this.#timelines.values()) timeline.end();
    }
  }

  /** The media sequence number after the newest segment of all renditions. */
  nextMsn(): number {
    let next = this.#firstMsn;
    for (const timeline of this.#timelines.values()) next = Math.max(next, timeline.lastMsn() + 1);
    return next;
  }

  /** Media bytes in memory. Parts that several renditions share count once. */
  mediaBytes(): number {
    const buffers = new Set<Buffer>();
    for (const timeline of this.#timelines.values()) {
      for (const segment of timeline.held()) for (const part of segment.parts) buffers.add(part.data);
    }
    return [...buffers].reduce((bytes, buffer) => bytes + buffer.length, 0);
  }

  /** The longest and shortest part of all runs so far and of `run`. */
  #partLengthsWith(run: RunFormat): { readonly longestSeconds: number; readonly shortestSeconds: number } {
    const grid = cutGrid(this.profile, run);
    return {
      longestSeconds: Math.max(this.#longestPartSeconds, partTargetSeconds(grid, run)),
      shortestSeconds: Math.min(this.#shortestPartSeconds, shortestPartSeconds(grid, run)),
    };
  }

  /** Ignores output that comes after the run was replaced or ended. */
  #write(packaged: PackagedRun, rendition: string, chunk: Buffer): number {
    if (packaged.isOver) return 0;
    try {
      return packaged.renditions.get(rendition)?.write(chunk) ?? 0;
    } catch (error) {
      this.#endRun();
      throw error;
    } finally {
      if (this.#announced !== packaged && this.#isPlayable(packaged)) this.#announced = packaged;
    }
  }

  /**
   * Starts at the epoch, so that the number does not decrease when another task takes over the stream with a later
   * epoch. Does not count a run without parts, because there is nothing before the discontinuity.
   */
  #nextDiscontinuityNumber(epoch: number): number {
    const formerRenditions = [...(this.#active?.renditions.values() ?? [])];
    const current = this.#discontinuityNumber ?? epoch;
    this.#discontinuityNumber = formerRenditions.some((rendition) => rendition.hasParts) ? current + 1 : current;
    return this.#discontinuityNumber;
  }

  #isPlayable(packaged: PackagedRun): boolean {
    return [...packaged.renditions.values()].every((rendition) => rendition.hasParts);
  }

  #endRun(): void {
    if (this.#active === null || this.#active.isOver) return;
    this.#active.isOver = true;
    for (const rendition of this.#active.renditions.values()) rendition.end();
  }

  /**
   * The timelines that a rendition's parts go to. The best rendition also feeds those that only earlier runs made (the
   * source became smaller, or FFmpeg could not keep up), so that the picture goes on for players that chose them.
   */
  #timelinesFedBy(name: string, run: MediaRun): RenditionTimeline[] {
    const fed = [this.#timelineOf(name)];
    if (name !== run.video[0]?.name) return fed;
    const made = renditionNames(run);
    for (const [other, timeline] of this.#timelines) {
      if (!made.includes(other) && other !== AUDIO_RENDITION) fed.push(timeline);
    }
    return fed;
  }

  #timelineOf(name: string): RenditionTimeline {
    const existing = this.#timelines.get(name);
    if (existing !== undefined) return existing;
    const timeline = new RenditionTimeline({
      windowSeconds: this.profile.windowSeconds,
      targetDurationSeconds: this.targetDurationSeconds,
      onChange: () => {
        this.#changes++;
      },
    });
    this.#timelines.set(name, timeline);
    return timeline;
  }
}
