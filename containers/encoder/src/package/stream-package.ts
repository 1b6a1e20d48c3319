import { LATENCY_PROFILES, type LatencyName, type LatencyProfile } from '#domain/latency-profiles.ts';
import type { CaptionChannel } from '#encoder/media/closed-captions.ts';
import {
  isSameFormat,
  type MediaRun,
  type RunDescription,
  type RunFormat,
  type RunSink,
  renditionNames,
} from '#encoder/media/media-run.ts';
import { type CutGrid, cutGrid } from './cut-grid.ts';
import { DateRanges } from './date-ranges.ts';
import { KnownRuns } from './known-runs.ts';
import { EMPTY_PACKAGE, type OfferedRun, type PackageSnapshot } from './package-snapshot.ts';
import { PackagedRun } from './packaged-run.ts';
import { fitsPartTarget, streamPartTargetSeconds, usualPartTargetSeconds } from './part-target.ts';
import type { RenditionTimeline } from './rendition-timeline.ts';
import { epochsOf, RenditionTimelines } from './rendition-timelines.ts';
import type { RunBeginning } from './run-clock.ts';
import { SeenCaptions } from './seen-captions.ts';

const SILENT_PARTS = 2;
/** What a run gets if its package is frozen. */
const NO_SINK: RunSink = { write: () => 0, end: () => 0 };

/** Where a package starts: empty, or with all that another one knew. */
export type PackageStart = Pick<PackageSnapshot, 'latency' | 'firstMsn'> & Partial<PackageSnapshot>;

/**
 * A stream's renditions in memory, across media runs, from its first part to its EXT-X-ENDLIST. A package that is frozen
 * continues as a restored one on another task.
 */
export class StreamPackage {
  readonly latency: LatencyName;
  readonly profile: LatencyProfile;
  readonly #timelines: RenditionTimelines;
  #active: PackagedRun | null = null;
  /** The run whose media the next run may go on with. */
  #newestWithParts: RunDescription | null = null;
  /** The newest run of the package that this one continues. */
  readonly #former: Pick<PackageSnapshot, 'newest' | 'discontinuityNumber'>;
  #offered: OfferedRun | null;
  /** Null before the first run. */
  #partTargetSeconds: number | null;
  readonly #runs: KnownRuns;
  readonly #captions: SeenCaptions;
  /** The publisher's signals for advertising. */
  readonly dateRanges: DateRanges;
  #title: string | null;
  #isFrozen = false;
  #changes = 0;

  /**
   * `firstMsn` is the media sequence number of the first segment. It must be above every number that viewers have seen.
   * So must `firstMediaSeconds`, its media time, for viewers that are to play on.
   */
  constructor(start: PackageStart) {
    const past: PackageSnapshot = { ...EMPTY_PACKAGE, ...start };
    this.latency = past.latency;
    this.profile = LATENCY_PROFILES[past.latency];
    this.#former = { newest: past.newest, discontinuityNumber: past.discontinuityNumber };
    this.#offered = past.offered;
    this.#partTargetSeconds = past.partTargetSeconds;
    this.#runs = new KnownRuns(past.runs);
    this.#captions = new SeenCaptions(past.captions);
    this.#title = past.title;
    this.dateRanges = new DateRanges(past.dateRanges);
    const options = {
      windowSeconds: this.profile.windowSeconds,
      targetDurationSeconds: this.targetDurationSeconds,
      onChange: () => {
        this.#changes++;
      },
    };
    this.#timelines = new RenditionTimelines(options, past);
  }

  /** Counts the changes of all renditions. A rendered playlist is valid until the version changes. */
  get version(): number {
    return this.#changes;
  }

  get ended(): boolean {
    return this.#timelines.isEnded;
  }

  /** Media sequence number of the first segment of all. */
  get firstMsn(): number {
    return this.#timelines.firstMsn;
  }

  /** Nothing changes here any more, because another task continues the stream. */
  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** The closed captions that any run's best rendition has had so far. Players may still want them if they pause. */
  get captions(): readonly CaptionChannel[] {
    return this.#captions.channels;
  }

  /** The title that the multivariant playlist tells. Null if the stream has none. */
  get title(): string | null {
    return this.#title;
  }

  /** Changes the title, as far as players load the multivariant playlist again. */
  entitle(title: string | null): void {
    if (title === this.#title) return;
    this.#title = title;
    this.#changes++;
  }

  /** EXT-X-PART-INF's PART-TARGET in seconds. It does not change once there is a run. */
  get partTargetSeconds(): number {
    return this.#partTargetSeconds ?? usualPartTargetSeconds(this.profile);
  }

  /** After so long without a part, there is no publisher, or its network stands still. */
  get silenceMs(): number {
    return SILENT_PARTS * this.partTargetSeconds * 1000;
  }

  /** Whether nothing comes in any rendition: there is no run, or FFmpeg waits for the publisher. */
  get isSilent(): boolean {
    return this.#timelines.areSilent(this.silenceMs);
  }

  /** EXT-X-TARGETDURATION in whole seconds; it must never change (RFC 8216bis 6.2.1). */
  get targetDurationSeconds(): number {
    return this.profile.segmentSeconds;
  }

  /** The newest run that can be played in every rendition, as the multivariant playlist offers it. Null before the first. */
  get offered(): OfferedRun | null {
    return this.#offered;
  }

  /** The run that the multivariant playlist offers. */
  get playableRun(): RunDescription | null {
    return this.#offered?.run ?? null;
  }

  /**
   * Whether the renditions that can be played have media. If the media before was lost with a task, they have none until the next run
   * has a part of each. Their playlists end before what viewers have seen.
   */
  get hasMedia(): boolean {
    if (this.#offered === null) return false;
    return renditionNames(this.#offered.run).every(
      (name) => (this.renditions.get(name)?.newest()?.parts.length ?? 0) > 0,
    );
  }

  /** The run that has made, or makes, the segments of an epoch. Undefined if there is no media of it. */
  run(epoch: number): RunDescription | undefined {
    return this.#runs.get(epoch);
  }

  /** EXT-X-DISCONTINUITY-SEQUENCE of the newest segments. Null before the first run. */
  get discontinuityNumber(): number | null {
    return this.#active?.discontinuityNumber ?? this.#former.discontinuityNumber;
  }

  /** All renditions. Includes those that the newest run no longer makes, because players stay on the one they chose. */
  get renditions(): ReadonlyMap<string, RenditionTimeline> {
    return this.#timelines.byName;
  }

  /** RFC 6381 codec string of a rendition of the playable run; null if the run has no such rendition. */
  codec(rendition: string): string | null {
    return this.#offered?.codecs[rendition] ?? null;
  }

  /**
   * Whether players of this package can continue with `run`. A run may drop a picture size, but players that chose
   * video with separate audio cannot continue without one of the two. It may add one: players go on with what they have, and
   * find the other in the multivariant playlist. PART-TARGET never changes, so it must suit the parts of all runs. Only a
   * change from or to an unusual frame rate breaks that rule.
   */
  fits(run: RunFormat): boolean {
    const current = this.#newest()?.run;
    if (current === undefined) return true;
    if ((current.video.length > 0 && run.video.length === 0) || (current.audio !== null && run.audio === null))
      return false;
    return fitsPartTarget(this.profile, run, this.partTargetSeconds);
  }

  /**
   * Ends the current run and starts a new one. Unless its coding and its dates go on, that is a discontinuity in every rendition
   * (RFC 8216bis 4.4.4.3). The sink's `write` throws on malformed output, and that ends the run. It ignores output that comes after
   * the run was replaced or ended.
   */
  beginRun(run: MediaRun): RunSink {
    if (this.#isFrozen) return NO_SINK;
    const isEnding = this.#timelines.areWithholding;
    this.publishWithheld();
    this.#active?.end();
    this.#partTargetSeconds ??= streamPartTargetSeconds(this.profile, run);
    const grid = this.#gridOf(run);
    const active = new PackagedRun({
      run,
      grid,
      firstMsn: this.nextMsn(),
      beginning: this.#beginningOf(run),
      timelinesFedBy: (name) => this.#timelines.fedBy(name, run),
      onFrame: (data) => this.#captions.look(data),
      dateRanges: this.dateRanges,
    });
    this.#active = active;
    this.#runs.add(active.description, this.#timelines.epochs());
    // Not before: the run that has ended may have had more, and this one may make a rendition that is new.
    if (isEnding) this.withhold();
    return {
      cuts: { partFrames: grid.partFrames, firstSegmentFrames: grid.firstSegmentFrames },
      write: (rendition, chunk) => this.#write(active, rendition, chunk),
      end: () => active.end(),
    };
  }

  /**
   * The end is near: keeps back what follows the segment that players see already. Video.js notices an end only if it comes with a
   * segment that it has not loaded, hls.js 1.7.4 loads no further part of a segment once its playlist has ended, and Shaka Player
   * 5.2.12 does not end if the part that was hinted at never comes. So the end comes with a segment of its own. If a run begins
   * meanwhile, that is its first one.
   */
  withhold(): void {
    if (this.ended || this.#isFrozen) return;
    // Between two runs, the next one makes all renditions.
    this.#timelines.withhold(this.#active === null || this.#active.isOver ? undefined : this.#active.timelines);
  }

  /** Whether the end would come with a segment of its own. Without parts, that is the open one. */
  get canEnd(): boolean {
    return this.ended || this.profile.partSeconds === null || this.#timelines.haveWithheld;
  }

  /** The end is not near after all. */
  publishWithheld(): void {
    this.#timelines.publishWithheld();
  }

  /**
   * Ends the current run at once, with the media that is published, and the sound that belongs to it. Returns whether that had new
   * sound: players have to load it before the end of the stream (see `StreamEnd`). Without parts, players have seen nothing of the
   * open segment, so it is all that there is.
   */
  endRun(): boolean {
    if (this.profile.partSeconds !== null) return this.#active?.endNow() ?? false;
    this.#active?.end();
    return false;
  }

  /** Ends the stream, unless it goes on elsewhere. Every playlist gets its EXT-X-ENDLIST, even if ending the run throws. */
  end(): void {
    if (this.#isFrozen) return;
    try {
      this.endRun();
    } finally {
      if (this.profile.partSeconds === null) this.publishWithheld();
      // All renditions end together.
      if (!this.canEnd) this.#timelines.dropWithheld();
      this.#timelines.end();
    }
  }

  /**
   * Makes the package final, because another task continues the stream: the run ends, later output and runs are
   * ignored, and requests that wait for more are released. No playlist gets an EXT-X-ENDLIST. Does nothing to a package
   * that has ended. The package is frozen even if ending the run throws.
   */
  freeze(): void {
    if (this.ended || this.#isFrozen) return;
    try {
      this.#active?.end();
    } finally {
      this.#isFrozen = true;
      this.#timelines.freeze();
    }
  }

  /** All that another task needs to continue. Shares media with this package. Throws unless it is frozen or ended. */
  snapshot(): PackageSnapshot {
    if (!this.#isFrozen && !this.ended) throw new Error('a package that may still change cannot be moved');
    const timelines = this.#timelines.snapshot();
    return {
      latency: this.latency,
      discontinuityNumber: this.discontinuityNumber,
      partTargetSeconds: this.#partTargetSeconds,
      newest: this.#newest(),
      runs: this.#runs.of(epochsOf(timelines.timelines.map(({ segments }) => segments))),
      offered: this.#offered,
      captions: this.captions,
      title: this.#title,
      dateRanges: this.dateRanges.all,
      ...timelines,
    };
  }

  /** The media sequence number after the newest segment of all renditions. */
  nextMsn(): number {
    return this.#timelines.nextMsn();
  }

  /** Media time after all that any rendition has. It goes on over runs, without what is missing between them. */
  nextMediaSeconds(): number {
    return this.#timelines.nextMediaSeconds();
  }

  /** Media bytes in memory. Parts that several renditions share count once. */
  mediaBytes(): number {
    return this.#timelines.mediaBytes();
  }

  #write(run: PackagedRun, rendition: string, chunk: Buffer): number {
    try {
      return run.write(rendition, chunk);
    } finally {
      if (run === this.#active) this.#offered = run.offered ?? this.#offered;
    }
  }

  /** Players that know nothing of parts need a whole segment to begin with. Later runs follow segments that are there. */
  #gridOf(run: MediaRun): CutGrid {
    const isShortAtFirst = run.canBeginShort === true && this.#offered === null;
    return cutGrid(this.profile, run, { partTargetSeconds: this.#partTargetSeconds, isShortAtFirst });
  }

  #newest(): PackageSnapshot['newest'] {
    if (this.#active === null) return this.#former.newest;
    return { run: this.#active.description, hasParts: this.#active.hasParts };
  }

  /** A run that comes to nothing changes nothing for the next one. */
  #beginningOf(run: MediaRun): RunBeginning {
    const newest = this.#newest();
    if (newest?.hasParts) this.#newestWithParts = newest.run;
    const mediaSeconds = this.#timelines.beginningSeconds(run);
    const before = this.#newestWithParts;
    const isCodedAlike = before !== null && isSameFormat(before, run);
    return {
      mediaSeconds,
      discontinuityNumber: this.#nextDiscontinuityNumber(run.epoch),
      dateTimeMs: isCodedAlike ? this.#timelines.dateTimeMs(before, mediaSeconds) : null,
      period: this.#timelines.newestPeriod(),
    };
  }

  /**
   * Starts at the epoch, so that the number does not decrease when another task takes over the stream with a later
   * epoch. Does not count a run without parts, because there is nothing before the discontinuity.
   */
  #nextDiscontinuityNumber(epoch: number): number {
    const current = this.discontinuityNumber ?? epoch;
    return this.#newest()?.hasParts === true ? current + 1 : current;
  }
}
