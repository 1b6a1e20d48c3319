import { AUDIO_RENDITION } from '#domain/ladders.ts';
import { LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import { AAC_FRAME_SAMPLES } from '#encoder/media/aac-config.ts';
import { frameStep, type MediaRun, type RunSink } from '#encoder/media/media-run.ts';
import { buildCmafChunk } from '#encoder/package/cmaf-chunk.ts';
import { type CutGrid, cutGrid } from '#encoder/package/cut-grid.ts';
import { RUN_START_SECONDS } from '#encoder/transcode/ffmpeg-arguments.ts';
import type { EncodedSlate, SlateRendition } from './encoded-slate.ts';

export interface SlateRunOptions {
  readonly slate: EncodedSlate;
  readonly epoch: number;
  /** The date of its first frame, in milliseconds since 1970. If that is yet to come, the frame is put out at once all the same. */
  readonly startsAtMs: number;
  readonly beginRun: (run: MediaRun) => RunSink;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds, by a clock that never steps. For durations. */
  readonly steadyNow: () => number;
  /** The run can't go on. It has ended. */
  readonly onFailed: (error: unknown) => void;
}

/** A last part that is shorter might have no audio. */
const SHORTEST_PART_SECONDS = 0.07;
/** The next part is looked for this soon if a timer was early. */
const SOON_MS = 1;

/** A media run that repeats a slate in real time: each part is put out when a live one would be, at its end. */
export class SlateRun {
  readonly #options: SlateRunOptions;
  readonly #grid: CutGrid;
  /** Of the frames that the grid counts. */
  readonly #frameSeconds: number;
  readonly #sink: RunSink;
  /** By the steady clock, the moment at which the first frame began. */
  readonly #startedAt: number;
  /** Frames of the grid that are put out. */
  #frames = 0;
  #chunks = 0;
  #timer: NodeJS.Timeout | null = null;
  #isOver = false;

  constructor(options: SlateRunOptions) {
    const { slate, epoch, startsAtMs, beginRun, now, steadyNow } = options;
    const { plan, renditions } = slate;
    this.#options = options;
    this.#grid = cutGrid(LATENCY_PROFILES[plan.latency], plan);
    this.#frameSeconds = this.#grid.segmentSeconds / this.#grid.segmentFrames;
    this.#startedAt = steadyNow() - Math.max(0, now() - startsAtMs);
    this.#sink = beginRun({
      epoch,
      video: plan.video,
      frameRate: plan.frameRate,
      keyframeFrames: plan.keyframeFrames,
      audio: plan.audio,
      wallClockMs: (mediaSeconds) => startsAtMs + (mediaSeconds - RUN_START_SECONDS) * 1000,
      absencesBy: () => 0,
    });
    for (const { name, header } of renditions) this.#sink.write(name, header);
    this.#goOn();
  }

  get slate(): EncodedSlate {
    return this.#options.slate;
  }

  /** The date of the end of what is put out, in milliseconds since 1970. */
  get endsAtMs(): number {
    return this.#options.startsAtMs + this.#frames * this.#frameSeconds * 1000;
  }

  /**
   * Ends the run at a moment (milliseconds since 1970), as near as frames allow, or where it is if that is later. Null: where it is.
   * Nothing is put out that is not due.
   */
  end(atMs: number | null): void {
    if (this.#isOver) return;
    if (atMs !== null) this.#addLastPart(atMs);
    this.#close();
  }

  #addLastPart(atMs: number): void {
    const untilMs = Math.min(atMs, this.#options.startsAtMs + this.#elapsedSeconds() * 1000);
    if ((untilMs - this.endsAtMs) / 1000 < SHORTEST_PART_SECONDS) return;
    const step = Math.max(1, ...this.#options.slate.plan.video.map(frameStep));
    const frames = Math.floor((untilMs - this.#options.startsAtMs) / 1000 / this.#frameSeconds / step) * step;
    if (frames > this.#frames) this.#writeUntil(frames);
  }

  #close(): void {
    this.#isOver = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#sink.end();
  }

  /** Puts out all parts that are due, and comes back for the next one. */
  #goOn(): void {
    try {
      while (this.#nextCut() * this.#frameSeconds <= this.#elapsedSeconds()) this.#writeUntil(this.#nextCut());
      const dueInMs = (this.#nextCut() * this.#frameSeconds - this.#elapsedSeconds()) * 1000;
      this.#timer = setTimeout(() => this.#goOn(), Math.max(SOON_MS, Math.ceil(dueInMs)));
    } catch (error) {
      this.#close();
      this.#options.onFailed(error);
    }
  }

  #elapsedSeconds(): number {
    return (this.#options.steadyNow() - this.#startedAt) / 1000;
  }

  /** Where the part ends that comes next, in frames of the grid. */
  #nextCut(): number {
    const { partFrames, segmentFrames } = this.#grid;
    const inSegment = this.#frames % segmentFrames;
    const cut = Math.min((Math.floor(inSegment / partFrames) + 1) * partFrames, segmentFrames);
    return this.#frames - inSegment + cut;
  }

  /** Writes the frames up to this one of all renditions. */
  #writeUntil(frames: number): void {
    for (const rendition of this.#options.slate.renditions) {
      const chunk = this.#chunk(
        rendition,
        this.#positionIn(rendition, this.#frames),
        this.#positionIn(rendition, frames),
      );
      if (chunk !== null) this.#sink.write(rendition.name, chunk);
    }
    this.#frames = frames;
  }

  /** How many frames a rendition has before a frame of the grid. Audio is cut at the frame that is nearest, as the packager does it. */
  #positionIn({ name }: SlateRendition, frames: number): number {
    const { video, audio } = this.#options.slate.plan;
    if (name !== AUDIO_RENDITION) return frames / frameStep(video.find((rendition) => rendition.name === name));
    if (video.length === 0 || audio === null) return frames;
    const audioFrames = (frames * this.#frameSeconds * audio.sampleRateHz) / AAC_FRAME_SAMPLES;
    return Math.ceil(audioFrames - 0.5 - 1e-6);
  }

  #chunk(rendition: SlateRendition, from: number, until: number): Buffer | null {
    if (until <= from) return null;
    const { trackId, timescale, frameTicks, frames } = rendition;
    const decodeTicks = RUN_START_SECONDS * timescale + from * frameTicks;
    const samples = Array.from({ length: until - from }, (_, index) => {
      const frame = frames[(from + index) % frames.length];
      if (frame === undefined) throw new Error(`the slate has no frames of ${rendition.name}`);
      return frame;
    });
    return buildCmafChunk({ trackId, sequenceNumber: ++this.#chunks, decodeTicks }, samples);
  }
}

/** How long a part is whose format this is, in seconds. */
export function partSecondsOf({ plan }: EncodedSlate): number {
  return cutGrid(LATENCY_PROFILES[plan.latency], plan).partSeconds;
}
