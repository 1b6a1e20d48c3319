import type { Logger } from 'pino';
import { type CountName, ENCODER_METRICS, type LevelName } from '#domain/metrics.ts';
import { emfFields, type MetricValues } from './emf-fields.ts';
import type { MetricsTarget } from './metrics-target.ts';

/** How things stand; null where there is nothing to say. */
export type MetricLevels = Readonly<Record<LevelName, number | null>>;
/** How often things have happened since the process began. */
export type MetricTotals = Readonly<Record<CountName, number>>;

export interface MetricsReporterProps {
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
  private readonly props: MetricsReporterProps;
  private readonly log: Logger;
  private readonly timer: NodeJS.Timeout;
  private reported: Partial<MetricTotals> = {};

  constructor(props: MetricsReporterProps) {
    this.props = props;
    this.log = props.log.child({}, { level: 'info' });
    this.timer = setInterval(() => this.write({ ...props.levels(), ...this.countsSince() }), props.intervalMs);
  }

  /** Writes the last line. It has counts alone: a task that ends has no slots to offer, and none that are in use. */
  close(): void {
    clearInterval(this.timer);
    this.write(this.countsSince());
  }

  private countsSince(): MetricValues {
    const totals = this.props.totals();
    const counts = COUNTS.map((name) => [name, totals[name] - (this.reported[name] ?? 0)]);
    this.reported = totals;
    return Object.fromEntries(counts);
  }

  private write(values: MetricValues): void {
    const { target, now } = this.props;
    this.log.info(emfFields(target, now(), values), 'metrics');
  }
}
