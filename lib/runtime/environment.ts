import {
  ENVIRONMENT_VARIABLES,
  PROCESS_ENVIRONMENTS,
  type ProcessEnvironment,
  type ProcessName,
} from '#domain/environment.ts';

/** The variables of one process. Throws one error that names every variable that is missing or empty. */
export function readEnvironment<Name extends ProcessName>(
  processName: Name,
  source: NodeJS.ProcessEnv,
): ProcessEnvironment<Name> {
  const names = PROCESS_ENVIRONMENTS[processName];
  const missing = names.filter((name) => !source[name]);
  if (missing.length > 0) {
    const list = missing.map((name) => `${name} (${ENVIRONMENT_VARIABLES[name]})`).join(', ');
    throw new Error(`${processName} lacks environment variables: ${list}`);
  }
  return Object.fromEntries(names.map((name) => [name, source[name]])) as ProcessEnvironment<Name>;
}
