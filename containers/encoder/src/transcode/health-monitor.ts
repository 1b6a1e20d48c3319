import type { StreamHealth } from '#domain/streams.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import type { IgnoredTracks } from '#encoder/media/plain-tags.ts';
import type { SourceDescription } from '#encoder/media/source-description.ts';
import { healthWarnings } from './health-warnings.ts';
import { InputMeter } from './input-meter.ts';
import type { QualityReduction } from './quality-steps.ts';
import type { PaceSample } from './step-policy.ts';
import type { TimedTag } from './tag-cache.ts';

const OVERLOAD_MEMORY_MS = 60_000;

const MIN_ENCODER_SPEED = 0.95;
/** An FFmpeg that started slowly has its full speed over the last 10 s by then. */
const STARTED_MS = 15_000;
/** One that is this much further behind than its start explains is too slow from the start. */
const MAX_BEHIND_MS = 1000;

/** What the transcoder knows in addition to the monitor's own measurements. */
export interface HealthContext {
  /** The tracks that currently arrive; null until they are known. */
  readonly source: SourceDescription | null;
  /** Further tracks that the publisher sends. Missing means none. */
  readonly ignoredTracks?: IgnoredTracks;
  /** Media seconds out per media second in; null while unknown. */
  readonly encoderSpeed: number | null;
  /** How loud the sound is, in dB below full scale. Null or missing without sound. */
  readonly audioLevelDb?: number | null;
  /** Null if viewers get full quality. */
  readonly reduction: QualityReduction | null;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Reports the health of a publish. Times are milliseconds since 1970. */
export class HealthMonitor {
  #meter = new InputMeter();
  #overloadedAtMs = Number.NEGATIVE_INFINITY;
  #runStartedAtMs = Number.NEGATIVE_INFINITY;
  #isEncoderSlow = false;

  onScript(tag: FlvTag): void {
    this.#meter.onScript(tag);
  }

  onFrame(timed: TimedTag, receivedAtMs: number): void {
    this.#meter.onFrame(timed, receivedAtMs);
  }

  /** After a jump of the timestamps, earlier frame times and arrivals cannot be compared with later ones. */
  onJump(): void {
    this.#meter = this.#meter.successor();
  }

  /** An FFmpeg starts. */
  onRun(nowMs: number): void {
    this.#runStartedAtMs = nowMs;
    this.#isEncoderSlow = false;
  }

  onSample({ nowMs, speed, backlogMs, allowanceMs }: PaceSample): void {
    const hasStarted = nowMs - this.#runStartedAtMs > STARTED_MS;
    const isBehind = backlogMs - allowanceMs > MAX_BEHIND_MS;
    this.#isEncoderSlow = speed !== null && speed < MIN_ENCODER_SPEED && (hasStarted || isBehind);
  }

  /** FFmpeg did not keep up, so media was skipped or FFmpeg was replaced. */
  onOverload(nowMs: number): void {
    this.#overloadedAtMs = nowMs;
  }

  report({ source, ignoredTracks, encoderSpeed, audioLevelDb = null, reduction, nowMs }: HealthContext): StreamHealth {
    const measures = this.#meter.measure(nowMs);
    const { inputKbps, frameRate, keyframeIntervalSeconds, droppedFrames } = measures;
    const video = source?.video ?? null;
    const audio = source?.audio ?? null;
    return {
      inputKbps,
      frameRate,
      width: video?.width ?? null,
      height: video?.height ?? null,
      videoCodec: video?.codec ?? null,
      audioCodec: audio?.codec ?? null,
      keyframeIntervalSeconds,
      droppedFrames,
      encoderSpeed,
      audioLevelDb,
      warnings: healthWarnings({
        ...measures,
        hasVideo: video !== null,
        hasAudio: audio !== null,
        declaredFrameRate: video?.frameRate ?? null,
        ...(ignoredTracks === undefined ? {} : { ignoredTracks }),
        isEncoderSlow: encoderSpeed !== null && this.#isEncoderSlow,
        reduction,
        wasOverloaded: nowMs - this.#overloadedAtMs < OVERLOAD_MEMORY_MS,
      }),
    };
  }
}
