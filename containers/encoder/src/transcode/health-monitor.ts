import type { StreamHealth } from '#domain/streams.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import type { SourceDescription } from '#encoder/media/source-description.ts';
import { healthWarnings } from './health-warnings.ts';
import { InputMeter } from './input-meter.ts';
import type { TimedTag } from './tag-cache.ts';

const OVERLOAD_MEMORY_MS = 60_000;

/** What the transcoder knows beside what it measures. */
export interface HealthContext {
  /** The tracks that arrive; null until they are known. */
  readonly source: SourceDescription | null;
  /** Media seconds out per media second in; null while unknown. */
  readonly encoderSpeed: number | null;
  /** Milliseconds since 1970, as all times here. */
  readonly nowMs: number;
}

/** Collects what there is to say about a publish's health. */
export class HealthMonitor {
  #meter = new InputMeter();
  #overloadedAtMs = Number.NEGATIVE_INFINITY;

  onScript(tag: FlvTag): void {
    this.#meter.onScript(tag);
  }

  onFrame(timed: TimedTag, receivedAtMs: number): void {
    this.#meter.onFrame(timed, receivedAtMs);
  }

  /** Frame times and arrival before a jump of the timestamps say nothing about those after it. */
  onJump(): void {
    this.#meter = this.#meter.successor();
  }

  /** FFmpeg was replaced since it did not keep up. */
  onOverload(nowMs: number): void {
    this.#overloadedAtMs = nowMs;
  }

  report({ source, encoderSpeed, nowMs }: HealthContext): StreamHealth {
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
      warnings: healthWarnings({
        ...measures,
        hasVideo: video !== null,
        hasAudio: audio !== null,
        declaredFrameRate: video?.frameRate ?? null,
        encoderSpeed,
        wasOverloaded: nowMs - this.#overloadedAtMs < OVERLOAD_MEMORY_MS,
      }),
    };
  }
}
