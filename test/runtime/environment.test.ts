import * as z from 'zod/mini';
import { ENVIRONMENT_VARIABLES, PROCESS_NAMES, variablesOf } from '#domain/environment.ts';
import {
  atLeastOne,
  bothOrNeither,
  decimalNumber,
  logLevel,
  matching,
  needs,
  notBoth,
  oneOf,
  optional,
  parsedBy,
  port,
  readEnvironment,
  text,
  wholeNumber,
} from '#runtime/environment.ts';

/** Reads one variable of the encoder with a schema. */
const readOne = <Value>(schema: z.ZodMiniType<Value>, value?: string): Value =>
  readEnvironment('encoder', z.object({ CAPACITY_VCPUS: schema }), { CAPACITY_VCPUS: value }).CAPACITY_VCPUS as Value;

test('every variable is read by a process, and has an explanation', () => {
  const read = new Set(PROCESS_NAMES.flatMap((name) => [...variablesOf(name)]));
  expect([...read].toSorted()).toEqual(Object.keys(ENVIRONMENT_VARIABLES).toSorted());
  for (const { explanation } of Object.values(ENVIRONMENT_VARIABLES)) expect(explanation).not.toBe('');
});

test('a schema sees the variables of its process and no others', () => {
  const schema = z.looseObject({});
  const source = { CAPACITY_VCPUS: '8', STREAMS_TABLE: 'streams', PATH: '/bin' };
  const values = readEnvironment('encoder', schema, source);
  expect(Object.keys(values).toSorted()).toEqual(variablesOf('encoder').toSorted());
  expect(values).toMatchObject({ CAPACITY_VCPUS: '8' });
});

test.each([undefined, ''])('a required variable that is %j is missing', (value) => {
  const explanation = ENVIRONMENT_VARIABLES.CAPACITY_VCPUS.explanation;
  for (const schema of [text, oneOf(['a']), wholeNumber(0, 9), matching(/a/, 'have an a'), parsedBy(JSON.parse)]) {
    expect(() => readOne<unknown>(schema, value)).toThrow(
      `encoder can't start: CAPACITY_VCPUS is missing (${explanation})`,
    );
  }
});

test.each([undefined, ''])('an optional variable that is %j is null', (value) => {
  expect(readOne(optional(wholeNumber(1, 9)), value)).toBeNull();
  expect(readOne(optional(wholeNumber(1, 9)), '7')).toBe(7);
});

test.each([
  ['1', 1],
  ['8', 8],
  ['100', 100],
])('the whole number %s', (digits, number) => {
  expect(readOne(wholeNumber(1, 100), digits)).toBe(number);
});

test.each([
  ['0.1', 0.1],
  ['1.9', 1.9],
  ['10.125', 10.125],
  ['64', 64],
])('the decimal number %s', (digits, number) => {
  expect(readOne(decimalNumber(0.1, 64), digits)).toBe(number);
});

test.each(['0', '0.09', '-1', '64.001', '1.2345', '1.', '.5', '1e1', '1,5', 'NaN', 'Infinity', ' 2'])(
  '"%s" is not a decimal number from 0.1 to 64',
  (value) => {
    expect(() => readOne(decimalNumber(0.1, 64), value)).toThrow(
      `CAPACITY_VCPUS must be a number from 0.1 to 64 with at most three decimals, not "${value}"`,
    );
  },
);

test.each(['0', '-1', '101', '1000', '2.5', '1e1', '0x8', '08', ' 8', 'eight'])(
  '"%s" is not a whole number from 1 to 100',
  (value) => {
    expect(() => readOne(wholeNumber(1, 100), value)).toThrow(
      `CAPACITY_VCPUS must be a whole number from 1 to 100, not "${value}"`,
    );
  },
);

test('a port is any TCP port, or 0 for a free one', () => {
  expect(['0', '1935', '65535'].map((value) => readOne(port, value))).toEqual([0, 1935, 65_535]);
  expect(() => readOne(port, '65536')).toThrow('must be a whole number from 0 to 65535, not "65536"');
});

test('a log level is one of those that pino has', () => {
  expect(readOne(logLevel, 'warn')).toBe('warn');
  expect(() => readOne(logLevel, 'toString')).toThrow(
    'must be one of trace, debug, info, warn, error, fatal, not "toString"',
  );
});

test('a text of a certain form', () => {
  expect(readOne(matching(/^a/, 'begin with a'), 'ab')).toBe('ab');
  expect(() => readOne(matching(/^a/, 'begin with a'), 'b')).toThrow('CAPACITY_VCPUS must begin with a, not "b"');
});

test('what a parser throws is the reason, and the value itself is not quoted', () => {
  const parse = (value: string) => {
    if (value === 'secret') throw new Error('too easy');
    return { value };
  };
  expect(readOne(parsedBy(parse), 'a')).toEqual({ value: 'a' });
  expect(() => readOne(parsedBy(parse), 'secret')).toThrow('CAPACITY_VCPUS is invalid: too easy');
  expect(() => readOne(parsedBy(parse), 'secret')).not.toThrow('secret');
});

describe('rules about two variables', () => {
  const read = (rule: ReturnType<typeof notBoth>, source: NodeJS.ProcessEnv) =>
    readEnvironment(
      'encoder',
      z.object({ METRICS_NAMESPACE: optional(text), METRICS_STAGE: optional(text), HTTP_PORT: port }).check(rule),
      { HTTP_PORT: '80', ...source },
    );
  const both = { METRICS_NAMESPACE: 'a', METRICS_STAGE: 'b' };
  const names = ['METRICS_NAMESPACE', 'METRICS_STAGE'] as const;

  test('both or neither', () => {
    const rule = bothOrNeither(...names);
    expect(read(rule, both)).toMatchObject(both);
    expect(read(rule, {})).toMatchObject({ METRICS_NAMESPACE: null, METRICS_STAGE: null });
    expect(() => read(rule, { METRICS_STAGE: 'b' })).toThrow('METRICS_NAMESPACE is missing, but METRICS_STAGE is set');
    expect(() => read(rule, { METRICS_NAMESPACE: 'a' })).toThrow(
      'METRICS_STAGE is missing, but METRICS_NAMESPACE is set',
    );
  });

  test('the first needs the second', () => {
    const rule = needs(...names);
    expect(read(rule, both)).toMatchObject(both);
    expect(read(rule, { METRICS_STAGE: 'b' })).toMatchObject({ METRICS_NAMESPACE: null });
    expect(() => read(rule, { METRICS_NAMESPACE: 'a' })).toThrow(
      'METRICS_STAGE is missing, but METRICS_NAMESPACE is set',
    );
  });

  test('not both', () => {
    const rule = notBoth(...names);
    expect(read(rule, {})).toMatchObject({ METRICS_NAMESPACE: null, METRICS_STAGE: null });
    expect(read(rule, { METRICS_STAGE: 'b' })).toMatchObject({ METRICS_STAGE: 'b' });
    expect(() => read(rule, both)).toThrow('METRICS_NAMESPACE and METRICS_STAGE are both set; set only one of them');
  });

  test('at least one', () => {
    const rule = atLeastOne(...names);
    expect(read(rule, { METRICS_STAGE: 'b' })).toMatchObject({ METRICS_STAGE: 'b' });
    expect(() => read(rule, {})).toThrow('METRICS_NAMESPACE or METRICS_STAGE must be set');
  });

  test('they are checked even if another variable is wrong: one error lists everything', () => {
    expect(() => read(atLeastOne(...names), { HTTP_PORT: 'http' })).toThrow(
      /^encoder can't start: HTTP_PORT must be .*, not "http" \(.+\); METRICS_NAMESPACE or .* \(.+\)$/,
    );
  });
});
