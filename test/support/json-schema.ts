/** The part of JSON Schema 2020-12 that the OpenAPI document uses. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** Resolves a `$ref` of the document. */
export type ResolveSchema = (ref: string) => JsonSchema;

type Check = (limit: never, value: never, resolve: ResolveSchema) => boolean;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isOfType = (type: string, value: unknown): boolean => {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isObject(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
};

const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) && !Number.isNaN(Date.parse(text)),
  uri: URL.canParse,
};

/** What each keyword asks of values of the type that it is for; of others it asks nothing. */
const CHECKS: Readonly<Record<string, readonly [type: string, check: Check]>> = {
  minimum: ['number', (limit: number, value: number) => value >= limit],
  maximum: ['number', (limit: number, value: number) => value <= limit],
  minLength: ['string', (limit: number, value: string) => [...value].length >= limit],
  maxLength: ['string', (limit: number, value: string) => [...value].length <= limit],
  pattern: ['string', (pattern: string, value: string) => new RegExp(pattern, 'u').test(value)],
  format: ['string', (format: string, value: string) => FORMATS[format]?.(value) ?? false],
  maxItems: ['array', (limit: number, value: readonly unknown[]) => value.length <= limit],
  items: [
    'array',
    (schema: JsonSchema, value: readonly unknown[], resolve) => value.every((item) => matches(schema, item, resolve)),
  ],
  required: ['object', (names: readonly string[], value: object) => names.every((name) => Object.hasOwn(value, name))],
  properties: [
    'object',
    (schemas: Record<string, JsonSchema>, value: Record<string, unknown>, resolve) =>
      Object.entries(schemas).every(
        ([name, schema]) => !Object.hasOwn(value, name) || matches(schema, value[name], resolve),
      ),
  ],
};

/** Keywords that ask nothing of a value. */
const ANNOTATIONS = ['description', 'default', 'example'];

/** Whether a value is as a schema says. Throws on a keyword that it doesn't know, rather than let everything pass. */
export function matches(schema: JsonSchema, value: unknown, resolve: ResolveSchema): boolean {
  return Object.entries(schema).every(([keyword, limit]) => {
    if (keyword === '$ref') return matches(resolve(limit as string), value, resolve);
    if (keyword === 'type') return [limit].flat().some((type) => isOfType(type as string, value));
    if (keyword === 'enum') return (limit as readonly unknown[]).includes(value);
    if (keyword === 'allOf') return (limit as readonly JsonSchema[]).every((part) => matches(part, value, resolve));
    if (keyword === 'additionalProperties') return hasOnlyKnownProperties(schema, limit, value);
    if (ANNOTATIONS.includes(keyword)) return true;
    const [type, check] = CHECKS[keyword] ?? [];
    if (type === undefined || check === undefined) throw new Error(`unknown keyword ${keyword}`);
    return !isOfType(type, value) || check(limit as never, value as never, resolve);
  });
}

function hasOnlyKnownProperties(schema: JsonSchema, limit: unknown, value: unknown): boolean {
  if (limit !== false) throw new Error('additionalProperties is known as false only');
  return !isObject(value) || Object.keys(value).every((name) => Object.hasOwn(schema.properties as object, name));
}
