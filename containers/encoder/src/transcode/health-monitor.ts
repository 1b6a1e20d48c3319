import type { StreamHealth } from '#domain/streams.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import type { IgnoredTracks } from '#encoder/media/plain-tags.ts';
import type { SourceDescription } from '#encoder/media/source-description.ts';
import { healthWarnings } from './health-warnings.ts';
import { InputMeter } from './input-meter.ts';
import type { QualityReduction } from './quality-steps.ts';
import type { TimedTag } from './tag-cache.ts';

const OVERLOAD_MEMORY_MS = 60_000;

/** What the transcoder knows in addition to the monitor's own measurements. */
export interface HealthContext {
  /** The tracks that currently arrive; null until they are known. */
  readonly source: SourceDescription | null;
  /** Further tracks that the publisher sends. Missing means none. */
  readonly ignoredTracks?: IgnoredTracks;
  /** Media seconds out per media second in; null while unknown. */
  readonly encoderSpeed: number | null;
  /** Null if viewers get full quality. */
  readonly reduction: QualityReduction | null;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Reports the health of a publish. Times are milliseconds since 1970. */
export class HealthMonitor {
  #meter = new InputMeter();
  #overloadedAtMs = Number.NEGATIVE_INFINITY;

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

  /** FFmpeg did not keep up, so media was skipped or FFmpeg was replaced. */
  onOverload(nowMs: number): void {
    this.#overloadedAtMs = nowMs;
  }

  report({ source, ignoredTracks, encoderSpeed, reduction, nowMs }: HealthContext): StreamHealth {
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
        ...(ignoredTracks === undefined ? {} : { ignoredTracks }),
        encoderSpeed,
        reduction,
        wasOverloaded: nowMs - this.#overloadedAtMs < OVERLOAD_MEMORY_MS,
      }),
    };
  }
}
