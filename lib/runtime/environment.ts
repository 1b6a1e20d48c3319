// Each process has one schema of its environment, made of these parts. They use zod/mini, which keeps the bundle of the
// ingest-auth function small: a cold start reads all of it.

import * as z from 'zod/mini';
import { ENVIRONMENT_VARIABLES, type ProcessName, type VariableName, variablesOf } from '#domain/environment.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
const MISSING = 'is missing';

/** Any text. Errors never quote it, so it may be a secret. */
export const text = z.string({ error: MISSING });

/** One of a few names. */
export const oneOf = <Name extends string>(names: readonly Name[]) =>
  z.enum(names, { error: ({ input }) => mustBeOneOf(names, input) });

/** What is wrong with a value that is none of a few names. */
export const mustBeOneOf = (names: readonly string[], input: unknown): string =>
  mustUnlessMissing(`be one of ${names.join(', ')}`, input);

/** A whole number within a range. */
export const wholeNumber = (lowest: number, highest: number) =>
  z.pipe(
    text.check(
      z.refine(
        (digits) => /^(0|[1-9]\d{0,14})$/.test(digits) && Number(digits) >= lowest && Number(digits) <= highest,
        {
          error: ({ input }) => mustUnlessMissing(`be a whole number from ${lowest} to ${highest}`, input),
        },
      ),
    ),
    z.transform(Number),
  );

/** A number within a range, with up to three decimals. */
export const decimalNumber = (lowest: number, highest: number) =>
  z.pipe(
    text.check(
      z.refine(
        (digits) =>
          /^(0|[1-9]\d{0,14})(\.\d{1,3})?$/.test(digits) && Number(digits) >= lowest && Number(digits) <= highest,
        {
          error: ({ input }) =>
            mustUnlessMissing(`be a number from ${lowest} to ${highest} with at most three decimals`, input),
        },
      ),
    ),
    z.transform(Number),
  );

/** A TCP port to listen on. The operating system picks a free one for 0. */
export const port = wholeNumber(0, 65_535);

export const logLevel = oneOf(LOG_LEVELS);

/** A text of a certain form. `rule` completes "must". */
export const matching = (pattern: RegExp, rule: string) =>
  text.check(z.regex(pattern, { error: ({ input }) => mustUnlessMissing(rule, input) }));

/** Whatever `parse` makes of the text. What it throws is shown, and must not quote a secret. */
export const parsedBy = <Value>(parse: (text: string) => Value) =>
  z.pipe(
    text,
    z.transform((value, context): Value => {
      try {
        return parse(value);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        context.issues.push({ code: 'custom', message: `is invalid: ${reason}`, input: undefined });
        return z.NEVER;
      }
    }),
  );

/** A variable that may be unset, which gives null. */
export const optional = <Value>(schema: z.ZodMiniType<Value>) => z._default(z.nullable(schema), null);

/** Fails if one of two variables is set without the other. */
export const bothOrNeither = (a: VariableName, b: VariableName) =>
  ruleAcross((isSet, fail) => {
    if (isSet(a) && !isSet(b)) fail(b, `${MISSING}, but ${a} is set`);
    if (isSet(b) && !isSet(a)) fail(a, `${MISSING}, but ${b} is set`);
  });

/** Fails if the first variable is set without the second. */
export const needs = (a: VariableName, b: VariableName) =>
  ruleAcross((isSet, fail) => {
    if (isSet(a) && !isSet(b)) fail(b, `${MISSING}, but ${a} is set`);
  });

/** Fails if both of two variables are set. */
export const notBoth = (a: VariableName, b: VariableName) =>
  ruleAcross((isSet, fail) => {
    if (isSet(a) && isSet(b)) fail(a, `and ${b} are both set; set only one of them`);
  });

/** Fails if neither of two variables is set. */
export const atLeastOne = (a: VariableName, b: VariableName) =>
  ruleAcross((isSet, fail) => {
    if (!isSet(a) && !isSet(b)) fail(a, `or ${b} must be set`);
  });

/**
 * Reads a process's variables. Throws one error that lists every variable that is missing or wrong, each with its
 * explanation.
 */
export function readEnvironment<Values>(
  process: ProcessName,
  schema: z.ZodMiniType<Values>,
  source: NodeJS.ProcessEnv,
): Values {
  const variables = Object.fromEntries(variablesOf(process).map((name) => [name, source[name] || undefined]));
  const result = schema.safeParse(variables);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => {
    const name = path[0] as VariableName;
    return `${name} ${message} (${ENVIRONMENT_VARIABLES[name].explanation})`;
  });
  throw new Error(`${process} can't start: ${problems.join('; ')}`);
}

const mustUnlessMissing = (rule: string, input: unknown): string =>
  input === undefined ? MISSING : `must ${rule}, not "${input}"`;

type Fail = (name: VariableName, problem: string) => void;

/** A rule about several variables. It runs even if others are wrong, so that one error lists every problem. */
function ruleAcross(rule: (isSet: (name: VariableName) => boolean, fail: Fail) => void) {
  return z.check<Readonly<Record<string, unknown>>>(
    ({ value, issues }) =>
      rule(
        (name) => value[name] !== null && value[name] !== undefined,
        (name, problem) => issues.push({ code: 'custom', path: [name], message: problem, input: undefined }),
      ),
    { when: () => true },
  );
}
