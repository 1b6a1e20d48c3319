import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { AuthorisedStream } from '#domain/ingest-auth.ts';
import { isSameFormat, type MediaRun, type RunFormat, type RunSink } from '#encoder/media/media-run.ts';
import type { EncodedSlate } from '#encoder/slate/encoded-slate.ts';
import { MissingPicture } from '#encoder/slate/missing-picture.ts';
import type { SlateMaker } from '#encoder/slate/slate-maker.ts';
import { partSecondsOf, SlateRun } from '#encoder/slate/slate-run.ts';
import type { SlateReason } from '#encoder/slate/slate-text.ts';
import { RUN_START_SECONDS } from '#encoder/transcode/ffmpeg-arguments.ts';
import type { OutputPlan } from '#encoder/transcode/rendition-plan.ts';
import type { EncodedMedia } from './stream-encoder.ts';

/** What viewers get of the stream, as far as a slate needs to know it. */
export interface SlatedMedia extends EncodedMedia {
  /** The date of the end of the newest segment, in milliseconds since 1970. Null before the first. */
  readonly endsAtMs: number | null;
}

export interface StreamSlateOptions {
  readonly maker: SlateMaker;
  readonly media: SlatedMedia;
  /** Whether the task keeps up with what its publisher sends, so that there is CPU for a slate. */
  readonly hasTime: () => boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds, by a clock that never steps. For durations. */
  readonly steadyNow: () => number;
  readonly log: Logger;
}

/** An encoder whose publisher has left. */
export interface LeftEncoder {
  /** Resolves when its last output has been delivered. Never rejects. */
  stop(): Promise<void>;
  /** An epoch that no run has, below those of all later publishes. Throws if none is left. */
  takeEpoch(): number;
}

interface WantedSlate {
  readonly plan: OutputPlan;
  readonly title: string | null;
  /** The hash of the stream's own picture. Null if it has none. */
  readonly image: string | null;
  readonly streamId: string;
  /** Those that are made, or about to be. */
  readonly made: Map<SlateReason, Promise<EncodedSlate | null>>;
}

/**
 * A publisher that is back within this time finds its FFmpeg: one connection often replaces another. Players have as much. The slate
 * fills the time since, because it begins where the media ended.
 */
const BACK_SOON_MS = 300;
/** A slate is made when a run has gone on for so long. */
const MAKE_AFTER_MS = 4_000;
/** If the last media ended longer ago, the slate does not fill the time since: players would be that far behind. */
const LONG_AGO_MS = 3_000;
/** The slate is shown again if the next run has put nothing out for so many parts. */
const LATE_PARTS = 2;
/** A run that begins so soon after the slate begins at its end. */
const NEAR_MS = 100;

/**
 * A stream's slates. One is made while a publisher is on air, and shown in the publisher's absence until the next run begins. The
 * other one is made and shown while the publisher sends sound without a picture.
 */
export class StreamSlate {
  readonly #options: StreamSlateOptions;
  #wanted: WantedSlate | null = null;
  #makeTimer: NodeJS.Timeout | null = null;
  /** The encoder of the newest run that has put something out, if that has left. Epochs are from its publish. */
  #left: LeftEncoder | null = null;
  #run: SlateRun | null = null;
  /** Until the run after the slate has put something out. */
  #lateTimer: NodeJS.Timeout | null = null;
  /** Changes when a slate that is about to be shown is not wanted any more. */
  #turn = 0;

  constructor(options: StreamSlateOptions) {
    this.#options = options;
  }

  /** Where the runs of a publish go. A run that follows the slate begins where that ends. */
  mediaFor(stream: AuthorisedStream): EncodedMedia {
    const { media } = this.#options;
    return {
      fits: (format) => media.fits(format),
      beginRun: (run) => {
        const wanted = this.#want(run, stream);
        return this.#beginRun(this.#withoutMissingPicture(run, wanted));
      },
    };
  }

  /**
   * The publisher has left. Shows the slate once the encoder has delivered its last output. The encoder is not stopped before the
   * slate is there, and not at all if there is none: then it can go on with the publisher. Never rejects.
   */
  async show(left: LeftEncoder): Promise<void> {
    const turn = ++this.#turn;
    const slate = this.#wanted === null ? null : await this.#make(this.#wanted, 'publisher-away');
    if (slate === null || this.#turn !== turn) return;
    await pause(BACK_SOON_MS, undefined, { ref: false });
    if (this.#turn !== turn) return;
    await left.stop();
    if (this.#turn !== turn || this.#run !== null) return;
    this.#left ??= left;
    const { media, now } = this.#options;
    const endedAtMs = media.endsAtMs ?? 0;
    this.#begin(slate, endedAtMs > now() - LONG_AGO_MS ? endedAtMs : now());
  }

  /** A publisher is back. The slate that is shown goes on until there is a run. */
  onPublisher(): void {
    this.#turn++;
  }

  get isShown(): boolean {
    return this.#run !== null;
  }

  /** Ends the slate. Nothing of it is left. */
  end(): void {
    this.#turn++;
    this.#run?.end(null);
    this.#run = null;
    this.#clearTimers();
  }

  /** Makes the slate when the run has settled, and anew if later runs are of another format. */
  #want({ video, frameRate, keyframeFrames, audio }: RunFormat, stream: AuthorisedStream): WantedSlate {
    const { streamId, latency, title = null, slateImage: image = null } = stream;
    const plan = { latency, video, frameRate, keyframeFrames, audio };
    const former = this.#wanted;
    const isSame =
      former !== null && former.title === title && former.image === image && former.plan.latency === latency;
    if (isSame && isSameFormat(former.plan, plan)) return former;
    const wanted = { plan, title, image, streamId, made: new Map() };
    this.#wanted = wanted;
    this.#makeSoon();
    return wanted;
  }

  #makeSoon(): void {
    if (this.#makeTimer !== null) clearTimeout(this.#makeTimer);
    this.#makeTimer = setTimeout(() => {
      if (this.#wanted === null) return;
      if (this.#options.hasTime()) void this.#make(this.#wanted, 'publisher-away');
      else this.#makeSoon();
    }, MAKE_AFTER_MS);
  }

  /** The run with a slate in place of a picture that has been missing for long. */
  #withoutMissingPicture(run: MediaRun, wanted: WantedSlate): MediaRun {
    const missing = new MissingPicture({ run, makeSlate: () => this.#make(wanted, 'picture-missing') });
    return { ...run, shownData: (rendition, frame) => missing.dataFor(rendition, frame) };
  }

  /** Null if it can't be made. Then the next absence is the next try. */
  async #make(wanted: WantedSlate, reason: SlateReason): Promise<EncodedSlate | null> {
    const { plan, title, image, streamId, made } = wanted;
    const known = made.get(reason);
    const making = known ?? this.#options.maker.make(plan, title, reason, image === null ? null : streamId);
    made.set(reason, making);
    const slate = await making;
    if (slate !== null && known === undefined) this.#options.log.info({ reason }, 'a slate is ready');
    if (slate === null && made.get(reason) === making) made.delete(reason);
    return slate;
  }

  #begin(slate: EncodedSlate, startsAtMs: number): void {
    const { media, now, steadyNow, log } = this.#options;
    this.#clearLateTimer();
    const onFailed = (err: unknown): void => {
      log.error({ err }, 'the slate failed');
      this.#run = null;
    };
    try {
      const epoch = this.#left?.takeEpoch() ?? 0;
      log.info({ epoch }, 'the slate is shown until the publisher is back');
      const beginRun = (run: MediaRun): RunSink => media.beginRun(run);
      this.#run = new SlateRun({
        ...{ slate, epoch, startsAtMs, now, beginRun, onFailed },
        steadyNow,
      });
    } catch (error) {
      onFailed(error);
    }
  }

  /** Begins a publisher's run. If its FFmpeg is late, the slate is shown again until there is something. */
  #beginRun(run: MediaRun): RunSink {
    const { media } = this.#options;
    let sink = media.beginRun(this.#after(run));
    let hasOutput = false;
    return {
      ...sink,
      write: (rendition, chunk) => {
        if (!hasOutput) {
          hasOutput = true;
          if (this.#run !== null) sink = media.beginRun(this.#after(run));
          this.#clearLateTimer();
          this.#left = null;
        }
        return sink.write(rendition, chunk);
      },
      end: () => sink.end(),
    };
  }

  /**
   * Ends the slate where a run begins. If it has gone on for longer than that, the run's dates are later by the difference. The first
   * date that is asked for tells it: a publisher who catches up makes dates earlier until then.
   */
  #after(run: MediaRun): MediaRun {
    const former = this.#run;
    if (former === null) return run;
    this.#run = null;
    former.end(run.wallClockMs(RUN_START_SECONDS));
    this.#showIfLate(former.slate);
    let laterMs: number | null = null;
    const readLaterMs = (): number => {
      const gapMs = run.wallClockMs(RUN_START_SECONDS) - former.endsAtMs;
      this.#options.log.info({ epoch: run.epoch, gapMs }, 'the run follows the slate');
      return gapMs > NEAR_MS ? 0 : -gapMs;
    };
    return {
      ...run,
      wallClockMs: (mediaSeconds) => {
        laterMs ??= readLaterMs();
        return run.wallClockMs(mediaSeconds) + laterMs;
      },
    };
  }

  #showIfLate(slate: EncodedSlate): void {
    this.#clearLateTimer();
    this.#lateTimer = setTimeout(
      () => {
        this.#lateTimer = null;
        this.#begin(slate, this.#options.media.endsAtMs ?? this.#options.now());
      },
      LATE_PARTS * partSecondsOf(slate) * 1000,
    );
  }

  #clearLateTimer(): void {
    if (this.#lateTimer !== null) clearTimeout(this.#lateTimer);
    this.#lateTimer = null;
  }

  #clearTimers(): void {
    this.#clearLateTimer();
    if (this.#makeTimer !== null) clearTimeout(this.#makeTimer);
    this.#makeTimer = null;
  }
}
