import type { Logger } from 'pino';
import { type CountName, ENCODER_METRICS, type LevelName } from '#domain/metrics.ts';
import type { StreamsLoad } from '#encoder/streams/live-streams.ts';
import { emfFields, type MetricValues } from './emf-fields.ts';
import type { MetricsTarget } from './metrics-target.ts';

/** Current values; null if unknown. */
export type MetricLevels = Readonly<Record<LevelName, number | null>>;
/** How often things have happened since the process started. */
export type MetricTotals = Readonly<Record<CountName, number>>;

export interface MetricsReporterOptions {
  readonly target: MetricsTarget;
  readonly intervalMs: number;
  readonly levels: () => MetricLevels;
  readonly totals: () => MetricTotals;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

const COUNTS: readonly CountName[] = ENCODER_METRICS.filter((metric) => metric.kind === 'count').map(
  ({ name }) => name,
);

/** Writes a log line per interval, from which CloudWatch extracts metrics, whatever the log level of other lines. */
export class MetricsReporter {
  readonly #options: MetricsReporterOptions;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #reported: Partial<MetricTotals> = {};

  constructor(options: MetricsReporterOptions) {
    this.#options = options;
    this.#log = options.log.child({}, { level: 'info' });
    this.#timer = setInterval(() => this.#write({ ...options.levels(), ...this.#countsSince() }), options.intervalMs);
  }

  /** Writes the last line. It only has counts: a task that ends has no room, used or free. */
  close(): void {
    clearInterval(this.#timer);
    this.#write(this.#countsSince());
  }

  #countsSince(): MetricValues {
    const totals = this.#options.totals();
    const counts = COUNTS.map((name) => [name, totals[name] - (this.#reported[name] ?? 0)]);
    this.#reported = totals;
    return Object.fromEntries(counts);
  }

  #write(values: MetricValues): void {
    const { target, now } = this.#options;
    this.#log.info(emfFields(target, now(), values), 'metrics');
  }
}

/** A task's load as metrics. */
export function metricLevels({ room, streamsLive, streamsReduced, encoderSpeed }: StreamsLoad): MetricLevels {
  return {
    RoomVcpus: room.capacityVCpus,
    RoomUsedVcpus: room.usedVCpus,
    RoomFreeVcpus: room.freeVCpus,
    RoomDemandVcpus: thousandths(room.usedVCpus + room.unmetVCpus),
    StreamsLive: streamsLive,
    StreamsReduced: streamsReduced,
    EncoderSpeed: encoderSpeed,
  };
}

/** Without the tail of digits that adding fractions leaves. */
const thousandths = (value: number): number => Math.round(value * 1000) / 1000;
