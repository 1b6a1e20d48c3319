import {
  HEALTH_HISTORY_SAMPLES,
  HEALTH_MEASURES,
  HEALTH_SAMPLE_SECONDS,
  type HealthHistory,
  type HealthReport,
} from '#domain/health-report.ts';
import type { StreamHealth } from '#domain/streams.ts';

const SAMPLE_MS = HEALTH_SAMPLE_SECONDS * 1000;

type HealthSample = Readonly<Record<keyof HealthHistory, number | null>>;

/** What is reported besides the history. */
export interface ReportedNow {
  /** Null while nobody publishes. */
  readonly health: StreamHealth | null;
  /** Milliseconds since 1970. Null while viewers have nothing to play. */
  readonly liveSinceMs: number | null;
  readonly nowMs: number;
}

/** The health of a stream in the last ten minutes. The time is divided into slots, and the first health of each is its sample. */
export class PastHealth {
  /** By slot, oldest first. Slots in which nobody published are missing. */
  readonly #samples = new Map<number, HealthSample>();
  #firstSlot: number | null = null;
  #newestSlot = 0;

  /** Takes the health of now. Returns it. */
  add(health: StreamHealth | null, nowMs: number): StreamHealth | null {
    const slot = Math.floor(nowMs / SAMPLE_MS);
    if (health === null || this.#samples.has(slot)) return health;
    // The clock was set back.
    if (slot < this.#newestSlot) this.#samples.clear();
    this.#firstSlot = this.#samples.size === 0 ? slot : this.#firstSlot;
    this.#newestSlot = slot;
    this.#samples.set(slot, toSample(health));
    for (const old of this.#samples.keys()) if (old <= slot - HEALTH_HISTORY_SAMPLES) this.#samples.delete(old);
    return health;
  }

  report({ health, liveSinceMs, nowMs }: ReportedNow): HealthReport {
    const nowSlot = Math.floor(nowMs / SAMPLE_MS);
    // The sample of the slot that has just begun comes within a second.
    const endSlot = this.#newestSlot === nowSlot - 1 ? this.#newestSlot : nowSlot;
    const beginSlot = Math.max(this.#firstSlot ?? endSlot + 1, endSlot + 1 - HEALTH_HISTORY_SAMPLES);
    const slots = Array.from({ length: Math.max(0, endSlot + 1 - beginSlot) }, (_, index) => beginSlot + index);
    const samplesOf = (measure: keyof HealthHistory) => slots.map((slot) => this.#samples.get(slot)?.[measure] ?? null);
    return {
      now: health,
      startedAt: liveSinceMs === null ? null : new Date(liveSinceMs).toISOString(),
      sampleSeconds: HEALTH_SAMPLE_SECONDS,
      endsAt: new Date(endSlot * SAMPLE_MS).toISOString(),
      history: byMeasure(samplesOf),
    };
  }
}

const byMeasure = <Value>(read: (measure: keyof HealthHistory) => Value) =>
  Object.fromEntries(HEALTH_MEASURES.map((measure) => [measure, read(measure)])) as Record<keyof HealthHistory, Value>;

const toSample = (health: StreamHealth): HealthSample => byMeasure((measure) => health[measure] ?? null);
