/** The required value of a figure. */
export type Target = { readonly atMost: number } | { readonly below: number };

/** Targets by the name of the figure. */
export type Targets = Readonly<Record<string, Target>>;

/** A target and the measured value. */
export interface TargetCheck {
  /** The target as text, for example `<= 5`. */
  readonly required: string;
  readonly measured: number | string | null;
  readonly holds: boolean;
}

/** Compares figures with their targets. A missing figure misses its target. */
export function checkTargets(
  figures: Readonly<Record<string, TargetCheck['measured']>>,
  targets: Targets,
): Readonly<Record<string, TargetCheck>> {
  const checks = Object.entries(targets).map(([name, target]) => [name, checkTarget(figures[name] ?? null, target)]);
  return Object.fromEntries(checks);
}

function checkTarget(measured: number | string | null, target: Target): TargetCheck {
  const isNumber = typeof measured === 'number';
  if ('atMost' in target) {
    return { required: `<= ${target.atMost}`, measured, holds: isNumber && measured <= target.atMost };
  }
  return { required: `< ${target.below}`, measured, holds: isNumber && measured < target.below };
}
