/** What a figure has to be. */
export type Target = { readonly atMost: number } | { readonly below: number };

/** Required figures by their names. */
export type Targets = Readonly<Record<string, Target>>;

/** A requirement beside what was measured. */
export interface TargetCheck {
  /** For a person: `<= 5`. */
  readonly required: string;
  readonly measured: number | string | null;
  readonly holds: boolean;
}

/** Holds figures against what is required of them. A figure that could not be had holds nothing. */
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
