import type { Logger } from 'pino';
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

/** What viewers get of a stream: one package after the other, and the requests that wait until there is something in it. */
export class StreamMedia {
  readonly #options: StreamMediaOptions;
  #latency: LatencyName;
  #package: StreamPackage;
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
      latency: this.#latency,
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

  /** A publish begins. It needs another package if the one before it has ended or has another latency profile. */
  onPublish(latency: LatencyName): void {
    if (!this.#package.ended && latency === this.#latency) return;
    this.#latency = latency;
    this.#replacePackage();
  }

  /** Whether viewers' players can continue with such a run. */
  fits(format: RunFormat): boolean {
    return this.#package.fits(format);
  }

  /** Takes the output of a new run of FFmpeg. */
  beginRun(run: MediaRun): RunSink {
    if (!this.#package.fits(run)) this.#replacePackage();
    const current = this.#package;
    const sink = current.beginRun(run);
    return {
      write: (rendition, chunk) => {
        const frames = sink.write(rendition, chunk);
        if (current.playableRun !== null && !current.ended) this.#options.onPlayable();
        return frames;
      },
      end: () => sink.end(),
    };
  }

  /** Ends the playlists. */
  end(): void {
    this.#finish(() => this.#package.end());
  }

  /** Makes the package final for a task that goes on with it. */
  freeze(): void {
    this.#finish(() => this.#package.freeze());
  }

  /** Ends the old package, so that its players load the stream anew. */
  #replacePackage(): void {
    const former = this.#package;
    const firstMsn = Math.max(former.nextMsn(), clockMediaSequence(this.#options.now()));
    this.#package = new StreamPackage({ latency: this.#latency, firstMsn });
    this.#finish(() => former.end());
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
