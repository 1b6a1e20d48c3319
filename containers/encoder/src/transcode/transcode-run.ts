import type { Logger } from 'pino';
import { AUDIO_RENDITION } from '#domain/ladders.ts';
import { AAC_FRAME_SAMPLES } from '#encoder/media/aac-config.ts';
import { AUDIO_TAG, type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { flvHeader, flvTag } from '#encoder/media/flv-writer.ts';
import { frameStep, framesPerSecond, type MediaRun, type RunSink, renditionNames } from '#encoder/media/media-run.ts';
import { ffmpegArguments, RUN_START_SECONDS } from './ffmpeg-arguments.ts';
import { type FfmpegExit, FfmpegProcess, type SpawnProcess } from './ffmpeg-process.ts';
import type { IngestClock } from './ingest-clock.ts';
import { OutputMonitor } from './output-monitor.ts';
import type { RenditionPlan } from './rendition-plan.ts';
import type { PaceSample } from './step-policy.ts';
import type { TimedTag } from './tag-cache.ts';
import { TranscodePace } from './transcode-pace.ts';

/** FLV timestamp of the first tag. Tags that are interleaved a little before it would otherwise be negative. */
const FIRST_TAG_MS = 1000;
const WATCH_INTERVAL_MS = 500;

export interface TranscodeRunOptions {
  readonly plan: RenditionPlan;
  readonly epoch: number;
  readonly sequenceHeaders: readonly FlvTag[];
  /** Position on the publisher's timeline of the first tag that will be fed. */
  readonly firstTagMs: number;
  /** Position at which the output begins; not before `firstTagMs`. */
  readonly startMs: number;
  readonly ingestClock: IngestClock;
  readonly beginRun: (run: MediaRun) => RunSink;
  /** Called regularly. */
  readonly onSample: (sample: PaceSample) => void;
  readonly spawn: SpawnProcess;
  readonly now: () => number;
  readonly log: Logger;
}

/** Why a run ended: it was asked to, FFmpeg died, its output stalled, or it could not keep up. */
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
  readonly #watch: NodeJS.Timeout;
  readonly #pace: TranscodePace;
  readonly #startedAtMs: number;
  #outcome: RunOutcome | null = null;

  constructor(options: TranscodeRunOptions) {
    const { plan, epoch, sequenceHeaders, firstTagMs, startMs, beginRun, spawn, now, log } = options;
    this.#options = options;
    this.plan = plan;
    this.epoch = epoch;
    this.#startedAtMs = now();
    this.#pace = new TranscodePace({ firstTagMs, startMs, nowMs: this.#startedAtMs });
    const outputs = renditionNames(plan);
    this.#monitors = new Map(outputs.map((output) => [output, new OutputMonitor()]));
    this.#sink = beginRun(this.#describe());
    this.#ffmpeg = new FfmpegProcess({
      args: ffmpegArguments(plan, (startMs - firstTagMs + FIRST_TAG_MS) / 1000, this.#sink.cuts),
      outputs,
      spawn,
      now,
      onOutput: (output, chunk) => this.#deliver(output, chunk),
      onStderrLine: (line) => log.debug({ epoch, line }, 'ffmpeg'),
    });
    this.ended = this.#settle();
    this.#watch = setInterval(() => this.#watchOutput(), WATCH_INTERVAL_MS);
    this.#ffmpeg.write(flvHeader({ hasVideo: plan.video.length > 0, hasAudio: plan.audio !== null }));
    for (const header of sequenceHeaders) this.#write(header, 0);
  }

  /** True once the run takes no more input. */
  get isEnding(): boolean {
    return this.#outcome !== null;
  }

  /** Media seconds out per media second in, over the last 10 s; null while unknown. */
  get encoderSpeed(): number | null {
    return this.#pace.speed;
  }

  /** How much input waits for FFmpeg. */
  get backlogMs(): number {
    return this.#pace.backlogMs(this.#ffmpeg.backlogMs);
  }

  /** Position on the publisher's timeline up to which output was delivered. */
  get deliveredUntilMs(): number {
    return this.#options.startMs + this.#deliveredMs();
  }

  /** Feeds the tags with which the run begins. */
  feedFirst(tags: readonly TimedTag[]): void {
    for (const timed of tags) this.feed(timed);
  }

  /** Feeds one tag. Drops tracks that are not in the plan, and everything once the run is ending. */
  feed({ tag, timelineMs }: TimedTag): void {
    if (this.isEnding || tag.type === SCRIPT_TAG) return;
    const isWanted = tag.type === AUDIO_TAG ? this.plan.audio !== null : this.plan.video.length > 0;
    if (!isWanted) return;
    const nowMs = this.#options.now();
    for (const [output, monitor] of this.#monitors) {
      if ((output === AUDIO_RENDITION) === (tag.type !== VIDEO_TAG)) monitor.onInput(nowMs);
    }
    // Output is measured by the picture if there is one.
    if ((tag.type === VIDEO_TAG) === this.plan.video.length > 0) this.#pace.onFed(timelineMs, nowMs);
    this.#write(tag, Math.max(0, timelineMs - this.#options.firstTagMs + FIRST_TAG_MS));
  }

  /** Ends the input, so that FFmpeg writes what it still has. `ended` settles within about 2 s. */
  finish(): void {
    this.#outcome ??= 'finished';
    this.#ffmpeg.finish();
  }

  /** Ends the run at once. What FFmpeg has not written yet is left to the next run. */
  cut(): void {
    this.#outcome ??= 'finished';
    this.#ffmpeg.kill();
  }

  #describe(): MediaRun {
    const { plan, epoch, ingestClock } = this.#options;
    return {
      epoch,
      video: plan.video,
      frameRate: plan.frameRate,
      keyframeFrames: plan.keyframeFrames,
      audio: plan.audio,
      wallClockMs: (mediaSeconds) => ingestClock.wallClockMs(this.#toTimelineMs(mediaSeconds)),
      absencesBy: (mediaSeconds) => ingestClock.absencesBy(this.#toTimelineMs(mediaSeconds)),
      canBeginShort: true,
    };
  }

  /** Position on the publisher's timeline of a moment of the run's media. */
  #toTimelineMs(mediaSeconds: number): number {
    return this.#options.startMs + (mediaSeconds - RUN_START_SECONDS) * 1000;
  }

  #write(tag: FlvTag, timestampMs: number): void {
    const hasRoom = this.#ffmpeg.write(flvTag(tag, timestampMs));
    if (!hasRoom || this.#pace.isTooLate(this.#options.now(), this.#ffmpeg.backlogMs)) this.#fail('overloaded');
  }

  #deliver(output: string, chunk: Buffer): void {
    try {
      this.#monitors.get(output)?.onOutput(this.#sink.write(output, chunk));
      this.#pace.onDelivered(this.deliveredUntilMs, this.#options.now());
    } catch (error) {
      // What FFmpeg wrote was not fragmented MP4. Another FFmpeg may do better.
      this.#options.log.error({ err: error, epoch: this.epoch, output }, 'FFmpeg output not understood');
      this.#fail('died');
    }
  }

  #watchOutput(): void {
    const nowMs = this.#options.now();
    if (!this.isEnding) this.#options.onSample(this.#pace.sample(nowMs, this.#ffmpeg.backlogMs));
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
    const endSeconds = this.#sink.end();
    return {
      outcome: this.#outcome ?? 'died',
      exit,
      lifetimeMs: this.#options.now() - this.#startedAtMs,
      hadOutput: [...this.#monitors.values()].every((monitor) => monitor.frames > 0),
      deliveredUntilMs: Math.max(this.#options.startMs, this.#toTimelineMs(endSeconds)),
    };
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
