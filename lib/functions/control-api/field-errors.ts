import type { z } from '@hono/zod-openapi';

/** An error in one field. `field` is its dotted path, or empty for the whole body. */
export interface FieldError {
  readonly field: string;
  readonly detail: string;
}

/** What JSON's types are called in messages, by the schemas' names for them. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'text in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list in brackets',
  object: 'a JSON object',
};

const MOMENT_EXAMPLE = '2030-01-31T18:00:00Z';
/** Of what was received, so much is repeated. */
const SHOWN_CHARACTERS = 60;

/** Says in plain words what is wrong: what must be, and what `input`, the whole of what was validated, has instead. */
export function toFieldErrors(issue: z.core.$ZodIssue, input: unknown): FieldError[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: [...path, key].join('.'), detail: 'Unknown field' }));
  }
  const received = issue.path.reduce<unknown>((value, key) => ownValue(value, key), input);
  return [{ field: path.join('.'), detail: explain(issue, received) }];
}

function explain(issue: z.core.$ZodIssue, received: unknown): string {
  if (issue.code === 'too_big' || issue.code === 'too_small') return explainSize(issue, received);
  if (issue.code === 'invalid_value') return `Must be one of ${issue.values.join(', ')}, not ${shown(received)}`;
  if (issue.code === 'invalid_type')
    return `Must be ${KINDS[issue.expected] ?? issue.expected}, not ${shown(received)}`;
  if (issue.code === 'invalid_format' && issue.format === 'datetime') {
    return `Must be a moment with its time zone, such as ${MOMENT_EXAMPLE}, not ${shown(received)}`;
  }
  // The message of the schema itself.
  return typeof received === 'string' && issue.code === 'custom'
    ? `${issue.message}, not ${shown(received)}`
    : issue.message;
}

function explainSize(issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall, received: unknown): string {
  const [side, limit] = issue.code === 'too_big' ? ['most', issue.maximum] : ['least', issue.minimum];
  if (Array.isArray(received)) return `Must have at ${side} ${limit} entries, not ${received.length}`;
  if (issue.origin !== 'string' || typeof received !== 'string') {
    return `Must be at ${side} ${limit}, not ${shown(received)}`;
  }
  if (received.trim() === '') return 'Must not be empty';
  return `Must have at ${side} ${limit} characters, not ${received.length}`;
}

/** Also of a path that leads nowhere, and not of what all objects have. */
const ownValue = (value: unknown, key: PropertyKey): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined;

function shown(received: unknown): string {
  if (received === undefined) return 'missing';
  if (Array.isArray(received)) return 'a list';
  if (typeof received === 'object' && received !== null) return 'an object';
  const text = JSON.stringify(received);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
