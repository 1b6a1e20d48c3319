import { PROCESS_ENVIRONMENTS, type ProcessName } from '#domain/environment.ts';
import { readEnvironment } from '#runtime/environment.ts';

describe.each(Object.keys(PROCESS_ENVIRONMENTS) as ProcessName[])('readEnvironment of %s', (processName) => {
  const names = PROCESS_ENVIRONMENTS[processName];
  const complete = Object.fromEntries(names.map((name) => [name, `value of ${name}`]));

  test('returns its own variables and no others', () => {
    expect(readEnvironment(processName, { ...complete, PATH: '/bin' })).toEqual(complete);
  });

  test.each(names)('names %s where it alone is missing', (name) => {
    const { [name]: _missing, ...rest } = complete;
    expect(() => readEnvironment(processName, rest)).toThrow(
      new RegExp(`^${processName} lacks .*: ${name} \\([^)]+\\)$`),
    );
  });

  test('names all that are missing or empty in one error', () => {
    const empty = Object.fromEntries(names.map((name, index) => [name, index === 0 ? '' : undefined]));
    for (const name of names) expect(() => readEnvironment(processName, empty)).toThrow(name);
  });
});
