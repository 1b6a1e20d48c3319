import type { Logger } from 'pino';
import { AUDIO_RENDITION } from '#domain/ladders.ts';
import { AAC_FRAME_SAMPLES } from '#encoder/media/aac-config.ts';
import { type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { frameStep, framesPerSecond, type MediaRun, type RunSink, renditionNames } from '#encoder/media/media-run.ts';
import { containerHeader, containerOf } from '#encoder/media/source-container.ts';
import { ffmpegArguments, outputNames, RUN_START_SECONDS } from './ffmpeg-arguments.ts';
import { type FfmpegExit, FfmpegProcess, type SpawnProcess } from './ffmpeg-process.ts';
import type { IngestClock } from './ingest-clock.ts';
import { OutputMonitor } from './output-monitor.ts';
import type { PictureAbsences } from './picture-absences.ts';
import type { RenditionPlan } from './rendition-plan.ts';
import { FIRST_TAG_MS, RunFeed } from './run-feed.ts';
import { SOUND_LEVEL_OUTPUT, SoundLevel } from './sound-level.ts';
import type { PaceSample } from './step-policy.ts';
import type { TimedTag } from './tag-cache.ts';
import type { TimedData } from './timed-data.ts';
import { TranscodePace } from './transcode-pace.ts';

const WATCH_INTERVAL_MS = 500;
/** How far the media that a run leaves may end before the last frame that FFmpeg has delivered. */
const MAX_TAKEN_BACK_MS = 1000;

export interface TranscodeRunOptions {
  readonly plan: RenditionPlan;
  readonly epoch: number;
  readonly sequenceHeaders: readonly FlvTag[];
  /** Position on the publisher's timeline of the first tag that will be fed. */
  readonly firstTagMs: number;
  /** Position at which the output begins; not before `firstTagMs`. */
  readonly startMs: number;
  readonly ingestClock: IngestClock;
  readonly pictureAbsences: PictureAbsences;
  readonly timedData: TimedData;
  readonly beginRun: (run: MediaRun) => RunSink;
  /** Called regularly. */
  readonly onSample: (sample: PaceSample) => void;
  /** FFmpeg is too late. Returns whether one with less to do shall replace it; otherwise media is skipped. */
  readonly onTooLate: () => boolean;
  readonly spawn: SpawnProcess;
  readonly now: () => number;
  readonly log: Logger;
}

/** Why a run ended: it was asked to, FFmpeg died, its output stalled, or it was too slow and another one has less to do. */
export type RunOutcome = 'finished' | 'died' | 'stalled' | 'overloaded';

export interface RunEnd {
  readonly outcome: RunOutcome;
  readonly exit: FfmpegExit;
  readonly lifetimeMs: number;
  /** Whether every rendition got at least one frame. */
  readonly hadOutput: boolean;
  /** Position on the publisher's timeline at which the output ended. */
  readonly deliveredUntilMs: number;
}

/** Runs one FFmpeg: feeds it, passes its output on, and kills it if it fails. */
export class TranscodeRun {
  readonly plan: RenditionPlan;
  readonly epoch: number;
  /** Settles when the process has exited and its sink has ended. */
  readonly ended: Promise<RunEnd>;
  readonly #options: TranscodeRunOptions;
  readonly #sink: RunSink;
  readonly #ffmpeg: FfmpegProcess;
  readonly #monitors: ReadonlyMap<string, OutputMonitor>;
  readonly #feed: RunFeed;
  readonly #watch: NodeJS.Timeout;
  readonly #pace: TranscodePace;
  readonly #soundLevel = new SoundLevel();
  readonly #startedAtMs: number;
  #outcome: RunOutcome | null = null;
  #isTooLate = false;

  constructor(options: TranscodeRunOptions) {
    const { plan, epoch, sequenceHeaders, firstTagMs, startMs, beginRun, spawn, now, log } = options;
    this.#options = options;
    this.plan = plan;
    this.epoch = epoch;
    this.#startedAtMs = now();
    this.#pace = new TranscodePace({ firstTagMs, startMs, nowMs: this.#startedAtMs });
    const names = renditionNames(plan);
    this.#monitors = new Map(names.map((name) => [name, new OutputMonitor(startMs - firstTagMs)]));
    this.#feed = new RunFeed({
      hasVideo: plan.video.length > 0,
      container: containerOf(plan.input),
      ffmpeg: () => this.#ffmpeg,
      onFed: (tag, runMs) => this.#onFed(tag, runMs),
      onSkipped: (skippedMs, runMs) => this.#onSkipped(skippedMs, runMs),
      ...{ firstTagMs, startMs, now },
    });
    this.#sink = beginRun(this.#describe());
    this.#ffmpeg = new FfmpegProcess({
      args: ffmpegArguments(plan, (startMs - firstTagMs + FIRST_TAG_MS) / 1000, this.#sink.cuts),
      outputs: outputNames(plan),
      spawn,
      onOutput: (output, chunk) => {
        if (output === SOUND_LEVEL_OUTPUT) this.#soundLevel.add(chunk, now());
        else this.#deliver(output, chunk);
      },
      onDrain: () => this.#feed.pump(),
      onStderrLine: (line) => log.debug({ epoch, line }, 'ffmpeg'),
    });
    this.ended = this.#settle();
    this.#watch = setInterval(() => this.#watchOutput(), WATCH_INTERVAL_MS);
    this.#ffmpeg.write(containerHeader(plan.input, sequenceHeaders), this.#startedAtMs);
  }

  /** True once the run takes no more input. */
  get isEnding(): boolean {
    return this.#outcome !== null;
  }

  /** Media seconds out per media second in, over the last 10 s; null while unknown. */
  get encoderSpeed(): number | null {
    return this.#pace.speed;
  }

  /** How loud the sound is: RMS of the last second, in dB below full scale. Null without sound. */
  get audioLevelDb(): number | null {
    return this.#soundLevel.levelDb(this.#options.now());
  }

  /** How much input waits for FFmpeg. */
  get backlogMs(): number {
    return this.#pace.backlogMs(this.#feed.waitedMs);
  }

  /** Whether everything was skipped, and the next keyframe is waited for. */
  get awaitsStart(): boolean {
    return this.#feed.awaitsStart;
  }

  /** Position on the publisher's timeline up to which output was delivered. */
  get deliveredUntilMs(): number {
    return this.#feed.timeline.toTimelineMs(this.#deliveredRunMs);
  }

  /** Position from which the next run may need media: what renditions have not in common is encoded again. */
  get neededFromMs(): number {
    return this.deliveredUntilMs - MAX_TAKEN_BACK_MS;
  }

  /** Feeds the tags with which the run begins, or with which it goes on after the publisher's absence. */
  feedFirst(tags: readonly TimedTag[]): void {
    this.#feed.onReturn();
    for (const timed of tags) this.feed(timed);
  }

  /** Feeds one tag. Drops tracks that are not in the plan, and everything once the run is ending. */
  feed(timed: TimedTag): void {
    const { type } = timed.tag;
    if (this.isEnding || !this.takes(timed.tag)) return;
    this.#feed.add(timed);
    if (this.#feed.isFlowing) this.#onInput(type);
    this.#checkLateness();
  }

  /** Ends the input, so that FFmpeg writes what it still has. `ended` settles within about 2 s. */
  finish(): void {
    if (!this.isEnding) this.#feed.flush();
    this.#outcome ??= 'finished';
    this.#ffmpeg.finish();
  }

  /** Ends the run at once. What FFmpeg has not written yet is left to the next run. */
  cut(): void {
    this.#outcome ??= 'finished';
    this.#ffmpeg.kill();
  }

  /** Whether a tag is of a track in the plan. */
  takes({ type }: FlvTag): boolean {
    if (type === SCRIPT_TAG) return false;
    return type === VIDEO_TAG ? this.plan.video.length > 0 : this.plan.audio !== null;
  }

  #describe(): MediaRun {
    const { plan, epoch, ingestClock, pictureAbsences, timedData } = this.#options;
    const { timeline } = this.#feed;
    return {
      epoch,
      video: plan.video,
      frameRate: plan.frameRate,
      keyframeFrames: plan.keyframeFrames,
      audio: plan.audio,
      wallClockMs: (mediaSeconds) => ingestClock.wallClockMs(timeline.toTimelineMs(this.#toRunMs(mediaSeconds))),
      absencesBy: (mediaSeconds) => {
        const runMs = this.#toRunMs(mediaSeconds);
        return ingestClock.absencesBy(timeline.toTimelineMs(runMs)) + timeline.skipsBy(runMs);
      },
      pictureMissingSeconds: (mediaSeconds) =>
        pictureAbsences.missingMsAt(timeline.toTimelineMs(this.#toRunMs(mediaSeconds))) / 1000,
      takeTimedData: (untilSeconds) => timedData.take(timeline.toTimelineMs(this.#toRunMs(untilSeconds)), untilSeconds),
      canBeginShort: true,
    };
  }

  /** A moment of the run's media, in milliseconds as it was fed. */
  #toRunMs(mediaSeconds: number): number {
    return this.#options.startMs + (mediaSeconds - RUN_START_SECONDS) * 1000;
  }

  #onInput(type: FlvTag['type']): void {
    const nowMs = this.#options.now();
    for (const [output, monitor] of this.#monitors) {
      if ((output === AUDIO_RENDITION) === (type !== VIDEO_TAG)) monitor.onInput(nowMs);
    }
  }

  #onFed(tag: FlvTag, runMs: number): void {
    // Output is measured by the picture if there is one.
    if ((tag.type === VIDEO_TAG) === this.plan.video.length > 0) this.#pace.onFed(runMs, this.#options.now());
  }

  #onSkipped(skippedMs: number, runMs: number): void {
    this.#pace.onSkipped(runMs);
    this.#options.log.warn({ epoch: this.epoch, skippedMs: Math.round(skippedMs) }, 'media skipped');
  }

  /** An FFmpeg that is too slow is not replaced by one that has as much to do: that would only lose more. */
  #checkLateness(): void {
    const wasTooLate = this.#isTooLate;
    this.#isTooLate = this.#feed.isTooFull || this.#pace.isTooLate(this.#options.now(), this.#feed.waitedMs);
    if (!this.#isTooLate) return;
    if (!wasTooLate && this.#options.onTooLate()) this.#fail('overloaded');
    else this.#feed.skip();
  }

  #deliver(output: string, chunk: Buffer): void {
    try {
      this.#monitors.get(output)?.onOutput(this.#sink.write(output, chunk));
      this.#pace.onDelivered(this.#deliveredRunMs, this.#options.now());
    } catch (error) {
      // What FFmpeg wrote was not fragmented MP4. Another FFmpeg may do better.
      this.#options.log.error({ err: error, epoch: this.epoch, output }, 'FFmpeg output not understood');
      this.#fail('died');
    }
  }

  #watchOutput(): void {
    const nowMs = this.#options.now();
    if (!this.isEnding) this.#options.onSample(this.#pace.sample(nowMs, this.#feed.waitedMs));
    if ([...this.#monitors.values()].some((monitor) => monitor.isStalled(nowMs))) this.#fail('stalled');
  }

  #fail(outcome: RunOutcome): void {
    if (this.#outcome !== null) return;
    this.#outcome = outcome;
    this.#ffmpeg.kill();
  }

  async #settle(): Promise<RunEnd> {
    const exit = await this.#ffmpeg.exit;
    clearInterval(this.#watch);
    this.#feed.close();
    const endSeconds = this.#sink.end();
    return {
      outcome: this.#outcome ?? 'died',
      exit,
      lifetimeMs: this.#options.now() - this.#startedAtMs,
      hadOutput: [...this.#monitors.values()].every((monitor) => monitor.frames > 0),
      deliveredUntilMs: this.#feed.timeline.toTimelineMs(Math.max(this.#options.startMs, this.#toRunMs(endSeconds))),
    };
  }

  get #deliveredRunMs(): number {
    return this.#options.startMs + this.#deliveredMs();
  }

  /** Measured by the rendition that is furthest ahead, because no rendition may repeat media. */
  #deliveredMs(): number {
    const { frameRate, audio, video } = this.plan;
    const frames = Math.max(
      0,
      ...video.map((rendition) => (this.#monitors.get(rendition.name)?.frames ?? 0) * frameStep(rendition)),
    );
    if (frameRate !== null) return (frames * 1000) / framesPerSecond(frameRate);
    const audioFrames = this.#monitors.get(AUDIO_RENDITION)?.frames ?? 0;
    return audio === null ? 0 : (audioFrames * AAC_FRAME_SAMPLES * 1000) / audio.sampleRateHz;
  }
}
