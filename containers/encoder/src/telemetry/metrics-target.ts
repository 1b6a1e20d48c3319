/** Where metrics go. */
export interface MetricsTarget {
  readonly namespace: string;
  /** Value of the one dimension. */
  readonly stage: string;
}

/** CloudWatch User Guide, "Metrics concepts". A name that begins with `AWS/` belongs to CloudWatch. */
export const METRICS_NAMESPACE_PATTERN = /^(?!AWS\/)[\w.\-/#][\w.\-/#:]{0,254}$/;

/** CloudWatch API reference, Dimension: printable ASCII that does not begin with a space. */
export const METRICS_STAGE_PATTERN = /^[!-~][ -~]{0,254}$/;
