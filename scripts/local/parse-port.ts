import { UserError } from '#scripts/terminal/errors.ts';

/** A port number from `lowest` on, which 0 makes include any free port. Throws a UserError that names the option. */
export function parsePort(option: string, value: string, lowest: 0 | 1): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) < lowest || Number(value) > 65_535) {
    throw new UserError(`${option} ${value} is no port; ${lowest} to 65535 are allowed.`);
  }
  return Number(value);
}
