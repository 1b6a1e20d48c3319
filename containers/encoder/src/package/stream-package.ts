import { AUDIO_RENDITION } from '#domain/ladders.ts';
import { LATENCY_PROFILES, type LatencyName, type LatencyProfile } from '#domain/latency-profiles.ts';
import type { EncoderRun, RunSink } from '#encoder/media/encoder-run.ts';
import { cutGrid, partTargetSeconds, shortestPartSeconds } from './cut-grid.ts';
import { RenditionRun } from './rendition-run.ts';
import { RenditionTimeline } from './rendition-timeline.ts';
import { RunClock } from './run-clock.ts';

/** No part may be shorter than this share of PART-TARGET (RFC 8216bis 4.4.3.7). */
const SHORTEST_PART_SHARE = 0.85;

/** A run that is being packaged. */
interface PackagedRun {
  readonly run: EncoderRun;
  readonly renditions: ReadonlyMap<string, RenditionRun>;
  isOver: boolean;
}

/** A stream's renditions in memory, across encoder runs, from its first part to its ENDLIST. */
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

  /** `firstMsn`: media sequence number of the first segment; above any that viewers have seen. */
  constructor(options: { readonly latency: LatencyName; readonly firstMsn: number }) {
    this.profile = LATENCY_PROFILES[options.latency];
    this.#firstMsn = options.firstMsn;
  }

  /** Counts every change of any rendition, so that rendered playlists can be kept until the next. */
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

  /**
   * The newest run of which every rendition has something to load: what the multivariant playlist offers. Null until the
   * first is that far.
   */
  get playableRun(): EncoderRun | null {
    return this.#announced?.run ?? null;
  }

  /** All renditions, also those that the newest run does not make any more: players stay on the one they chose. */
  get renditions(): ReadonlyMap<string, RenditionTimeline> {
    return this.#timelines;
  }

  /** RFC 6381 codec string of a rendition of the playable run; null where it has no such rendition. */
  codec(rendition: string): string | null {
    return this.#announced?.renditions.get(rendition)?.codec ?? null;
  }

  /**
   * Whether players that follow this package can follow it into `run`: a run may drop a picture size, but players that
   * chose audio beside video can't go on without one of the two. Nor may PART-TARGET, which never shrinks, leave the parts
   * of one run too short for those of another: that takes a large change of a low frame rate.
   */
  fits(run: EncoderRun): boolean {
    const current = this.#active?.run;
    if (current === undefined) return true;
    if (current.video.length > 0 !== run.video.length > 0 || (current.audio === null) !== (run.audio === null))
      return false;
    const { longestSeconds, shortestSeconds } = this.#partLengthsWith(run);
    return this.profile.partSeconds === null || shortestSeconds >= SHORTEST_PART_SHARE * longestSeconds;
  }

  /**
   * Starts a new encoder run: a discontinuity in every rendition (RFC 8216bis 4.4.4.3). Ends the run before it. Writing
   * output that is malformed ends the run and throws.
   */
  beginRun(run: EncoderRun): RunSink {
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
    for (const name of runRenditions(run)) {
      const isLeader = name !== AUDIO_RENDITION || run.video.length === 0;
      renditions.set(name, new RenditionRun({ ...shared, isLeader, timelines: this.#timelinesFedBy(name, run) }));
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

  /** Ends the stream: every playlist gets its ENDLIST, also where the end of its run throws. */
  end(): void {
    try {
      this.#endRun();
    } finally {
      this.#isEnded = true;
      for (const timeline of this.#timelines.values()) timeline.end();
    }
  }

  /** Media sequence number that follows the newest segment of any rendition. */
  nextMsn(): number {
    let next = this.#firstMsn;
    for (const timeline of this.#timelines.values()) next = Math.max(next, timeline.lastMsn() + 1);
    return next;
  }

  /** Media bytes held in memory; renditions that share parts count them once. */
  mediaBytes(): number {
    const buffers = new Set<Buffer>();
    for (const timeline of this.#timelines.values()) {
      for (const segment of timeline.held()) for (const part of segment.parts) buffers.add(part.data);
    }
    return [...buffers].reduce((bytes, buffer) => bytes + buffer.length, 0);
  }

  /** Of all runs so far and this one. */
  #partLengthsWith(run: EncoderRun): { readonly longestSeconds: number; readonly shortestSeconds: number } {
    const grid = cutGrid(this.profile, run);
    return {
      longestSeconds: Math.max(this.#longestPartSeconds, partTargetSeconds(grid, run)),
      shortestSeconds: Math.min(this.#shortestPartSeconds, shortestPartSeconds(grid, run)),
    };
  }

  /** A run that was replaced or ended before its process was gone has nothing more to say. */
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
   * Starting at the epoch keeps the sequence from going back when another task, with a later epoch, takes the stream over.
   * A run that came to nothing leaves nothing to be discontinuous with.
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
   * A rendition's own timeline; the best one also feeds renditions that earlier runs had and this one has not (the
   * source became smaller), so that players which chose them see the picture go on.
   */
  #timelinesFedBy(name: string, run: EncoderRun): RenditionTimeline[] {
    const fed = [this.#timelineOf(name)];
    if (name !== run.video[0]?.name) return fed;
    const made = runRenditions(run);
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

function runRenditions(run: EncoderRun): string[] {
  const names = run.video.map((rendition) => rendition.name);
  return run.audio === null ? names : [...names, AUDIO_RENDITION];
}
