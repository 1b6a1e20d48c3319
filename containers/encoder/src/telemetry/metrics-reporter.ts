import type { Logger } from 'pino';
import { type CountName, ENCODER_METRICS, type LevelName } from '#domain/metrics.ts';
import { emfFields, type MetricValues } from './emf-fields.ts';
import type { MetricsTarget } from './metrics-target.ts';

/** How things stand; null where there is nothing to say. */
export type MetricLevels = Readonly<Record<LevelName, number | null>>;
/** How often things have happened since the process began. */
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

/** Writes a log line at every interval that CloudWatch takes the metrics from, whatever the level of the other lines is. */
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

  /** Writes the last line. It has counts alone: a task that ends has no slots to offer, and none that are in use. */
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
