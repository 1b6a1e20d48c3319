const MAX_NAMED = 8;

/** Writes to standard error what viewers should not have seen, because a figure alone helps nobody to mend it. */
export function reportFlaws(benchmark: string, flaws: readonly string[]): void {
  for (const flaw of flaws.slice(0, MAX_NAMED)) process.stderr.write(`${benchmark}: ${flaw}\n`);
  if (flaws.length > MAX_NAMED) process.stderr.write(`${benchmark}: ${flaws.length - MAX_NAMED} more\n`);
}
