import type { Logger } from 'pino';
import type { AuthorisedStream } from '#domain/ingest-auth.ts';
import type { LatencyName } from '#domain/latency-profiles.ts';
import type { SequenceState } from '#domain/streams.ts';
import { type MediaRun, type RunFormat, type RunSink, renditionNames } from '#encoder/media/media-run.ts';
import { offeredRenditions } from '#encoder/package/offered-renditions.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { WaitingRoom } from '#encoder/package/waiting-room.ts';
import { clockMediaSequence } from './numbering.ts';
import { packageAfter, type StreamPast } from './stream-past.ts';

export interface StreamMediaOptions {
  readonly past: StreamPast;
  /** The profile of the past, or of the first publish. */
  readonly latency: LatencyName;
  /** A run has made output, and viewers have something to play. Called for each piece of output. */
  readonly onPlayable: () => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/** An ended package of which players may still load what its playlists listed. */
interface FormerPackage {
  readonly media: StreamPackage;
  /** Milliseconds since 1970. */
  readonly keepUntilMs: number;
}

/** Each has up to two playlist windows of media. More only come from a source that changes all the time. */
const MAX_FORMER_PACKAGES = 2;
/** How late a part may be that the end waits for, in parts: its own length, and what a busy machine needs. */
const LAST_SEGMENT_PARTS = 3;
/** So many numbers after the last one of the package before, nobody may ask for (RFC 8216bis 6.2.5.2). */
const UNASKED_NUMBERS = 3;

/**
 * What viewers get of a stream: one package after the other, and the requests that wait until there is something in it. If players
 * can't go on with a run, the package stays as it is until the next one can be played, and only then gets its EXT-X-ENDLIST.
 */
export class StreamMedia {
  readonly #options: StreamMediaOptions;
  /** What is published. The package on air may have another one until the next package can be played. */
  #latency: LatencyName;
  #package: StreamPackage;
  /** Viewers do not see it before it can be played. */
  #next: StreamPackage | null = null;
  /** A run has gone on with the package on air since. The next package still goes on air if its own run has output, as after a slate. */
  #isNextPassedOver = false;
  /** Newest first. */
  #formers: readonly FormerPackage[] = [];
  /** Requests for a stream that is live, but has no media on this task yet. */
  readonly #arrivals = new WaitingRoom();

  constructor(options: StreamMediaOptions) {
    const { past, latency, now } = options;
    this.#options = options;
    this.#latency = latency;
    this.#package = packageAfter(past, latency, now());
  }

  get currentPackage(): StreamPackage {
    return this.#package;
  }

  /** Ended packages before the current one, newest first, for as long as players may ask for what they listed. */
  get formerPackages(): readonly StreamPackage[] {
    this.#forgetFormers();
    return this.#formers.map(({ media }) => media);
  }

  get hasEnded(): boolean {
    return this.#package.ended;
  }

  /** The date of the end of the newest segment, in milliseconds since 1970. Null without media. */
  get endsAtMs(): number | null {
    const run = this.#package.playableRun;
    const leader = run === null ? undefined : this.#package.renditions.get(renditionNames(run)[0] ?? '');
    const newest = leader?.newest();
    return newest === undefined ? null : newest.programDateTimeMs + newest.durationSeconds * 1000;
  }

  /** Where the stream's numbers are, for a task that goes on with them. */
  get sequence(): SequenceState {
    return {
      latency: this.#package.latency,
      nextMsn: this.#package.nextMsn(),
      discontinuityNumber: this.#package.discontinuityNumber ?? 0,
      offered: offeredRenditions(this.#package),
      recordedAtMs: this.#options.now(),
    };
  }

  /** Waits for media as long as it `isExpected`. Resolves to false after the time, or when `signal` aborts. */
  arrives(isExpected: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const hasArrived = () => !isExpected() || this.#package.hasMedia || this.#package.ended;
    return this.#arrivals.wait(hasArrived, timeoutMs, signal);
  }

  /** Releases the requests that need not wait any more. */
  recheckArrivals(): void {
    this.#arrivals.recheck();
  }

  /** A publish begins. After an end, viewers wait for its package. Another latency profile takes another one, too. */
  onPublish({ latency, title }: Pick<AuthorisedStream, 'latency' | 'title'>): void {
    this.#latency = latency;
    if (this.#next?.latency !== latency) this.#dropNext();
    if (this.#package.ended) this.#replacePackage(this.#packageAfterCurrent());
    this.#package.entitle(title ?? null);
    this.#next?.entitle(title ?? null);
  }

  /** Whether viewers' players can continue with such a run. */
  fits(format: RunFormat): boolean {
    const isNew = this.#openNext === null && this.#package.latency !== this.#latency;
    return isNew || this.#packageFor(format) !== null;
  }

  /** Takes the output of a new run of FFmpeg. */
  beginRun(run: MediaRun): RunSink {
    const target = this.#packageFor(run) ?? this.#packageAfterCurrent();
    if (target === this.#package) this.#isNextPassedOver = true;
    else if (target !== this.#next) this.#prepare(target);
    if (this.#package.offered === null && target !== this.#package) this.#goOnAir(target);
    const sink = target.beginRun(run);
    return {
      ...sink,
      write: (rendition, chunk) => {
        const frames = sink.write(rendition, chunk);
        if (target.playableRun === null || target.ended) return frames;
        if (target === this.#next) this.#goOnAir(target);
        if (this.#formers.length > 0) this.#forgetFormers();
        this.#options.onPlayable();
        return frames;
      },
    };
  }

  /**
   * The end is near: keeps the next segment back for it. Resolves when there is its first part in all renditions, or after the time in
   * which it would come. Until then, viewers get the rest of the segment before it. Null if there is nothing to wait for.
   */
  untilLastSegment(): Promise<unknown> | null {
    const media = this.#package;
    if (media.offered === null) return null;
    media.withhold();
    const { profile, partTargetSeconds } = media;
    if (media.canEnd || media.isSilent) return null;
    const limitMs = (profile.segmentSeconds + LAST_SEGMENT_PARTS * partTargetSeconds) * 1000;
    const isDecided = (): boolean => media.canEnd || media.isFrozen;
    return this.#arrivals.wait(isDecided, limitMs, new AbortController().signal);
  }

  /** Whether the playlists may end at once: players have to load nothing before. */
  get canEnd(): boolean {
    return this.#package.canEnd;
  }

  /** The end is not near after all. */
  goOn(): void {
    this.#package.publishWithheld();
  }

  /** Ends the run on air at once. Returns whether viewers get something new by that. */
  endRun(): boolean {
    this.#dropNext();
    let hasMore = false;
    this.#finish(() => {
      hasMore = this.#package.endRun();
    });
    return hasMore;
  }

  /** Ends the playlists. */
  end(): void {
    this.#dropNext();
    this.#finish(() => this.#package.end());
  }

  /** Makes the package final for a task that goes on with it. */
  freeze(): void {
    this.#dropNext();
    this.#finish(() => this.#package.freeze());
  }

  /** The package on air, or the one after it. Null if neither can take such a run of what is published. */
  #packageFor(format: RunFormat): StreamPackage | null {
    const candidates = [this.#package, this.#openNext];
    return candidates.find((media) => media?.latency === this.#latency && media.fits(format)) ?? null;
  }

  /** The next package, if another run may go on with it. */
  get #openNext(): StreamPackage | null {
    return this.#isNextPassedOver ? null : this.#next;
  }

  #prepare(next: StreamPackage): void {
    this.#dropNext();
    this.#next = next;
    this.#isNextPassedOver = false;
  }

  #packageAfterCurrent(): StreamPackage {
    const firstMsn = Math.max(this.#package.nextMsn() + UNASKED_NUMBERS, clockMediaSequence(this.#options.now()));
    const firstMediaSeconds = this.#package.nextMediaSeconds();
    return new StreamPackage({ latency: this.#latency, title: this.#package.title, firstMsn, firstMediaSeconds });
  }

  /** The next package can be played, so that players who load the stream anew find it. */
  #goOnAir(next: StreamPackage): void {
    this.#next = null;
    this.#replacePackage(next);
  }

  #replacePackage(next: StreamPackage): void {
    const former = this.#package;
    this.#package = next;
    this.#finish(() => former.end());
    if (former.offered === null) return;
    const keepUntilMs = this.#options.now() + former.profile.windowSeconds * 1000;
    this.#formers = [{ media: former, keepUntilMs }, ...this.#formers].slice(0, MAX_FORMER_PACKAGES);
  }

  /** Nobody has seen anything of it. */
  #dropNext(): void {
    const next = this.#next;
    this.#next = null;
    if (next !== null) this.#finish(() => next.freeze());
  }

  #forgetFormers(): void {
    const nowMs = this.#options.now();
    if (this.#formers.some(({ keepUntilMs }) => keepUntilMs <= nowMs))
      this.#formers = this.#formers.filter(({ keepUntilMs }) => keepUntilMs > nowMs);
  }

  /** Never throws, whatever the last run left behind: timers call it too, and an exception there would end the process. */
  #finish(endPackage: () => void): void {
    try {
      endPackage();
    } catch (error) {
      this.#options.log.error({ err: error }, 'the last run was not packaged to its end');
    }
  }
}
