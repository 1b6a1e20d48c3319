import type { Random } from '#kit/random.ts';

/** A schema of an OpenAPI document (JSON Schema 2020-12). */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** Resolves a `$ref` of the document. */
type ResolveSchema = (ref: string) => JsonSchema;

/** One operation of an OpenAPI document. */
export interface ApiOperation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: JsonSchema }[];
  readonly bodySchema: JsonSchema | null;
  readonly responses: Readonly<Record<string, { readonly content?: Record<string, { readonly schema: JsonSchema }> }>>;
}

/** A request in which anything may be wrong. `isValid` if the document allows everything in it. */
export interface GeneratedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer | null;
  readonly isValid: boolean;
}

/** What valid requests are made of. */
interface RequestPool {
  readonly token: string;
  /** Ids of streams, or also of tasks, that exist or did. */
  readonly ids: readonly string[];
}

/** Share of each part of requests that is replaced by something wrong. */
const SPOILED_SHARE = 0.12;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'];
const STRANGE_TEXTS = [
  ...['', ' ', '0', '-1', '1e999', 'NaN', 'null', 'true', '*', '"', '""', 'W/"1"', '"1"', "'; DROP TABLE streams; --"],
  ...['../../etc/passwd', '\u0000', '\r\n', '\u202e', '🎥', '\ud800', 'é', '%', '%00', '%ff', '<script>', '__proto__'],
  ...['a'.repeat(5_000), 'aaaaaaaaaaaaaaaa', '9999-12-31T23:59:59Z', '0000-01-01T00:00:00Z', '2025-02-30T00:00:00Z'],
  ...['::ffff:192.0.2.1', '0.0.0.0/0', '/'.repeat(100)],
];
const STRANGE_VALUES: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 1e308, Number.MAX_SAFE_INTEGER, [], {}, [[]], [null], { a: { b: { c: [] } } }],
  ...STRANGE_TEXTS,
];
const CONTENT_TYPES = [
  'text/plain',
  'application/json; charset=utf-16',
  'application/xml',
  'multipart/form-data',
  'json',
  '',
];
const AUTHORIZATIONS = ['', 'Bearer', 'Bearer x', 'Basic eDp5', `Bearer ${'a'.repeat(32)}`, `Bearer ${'é'.repeat(8)}`];

/** Makes requests of an operation. Most are valid; in some, one part or more is wrong. */
export class RequestGenerator {
  readonly #random: Random;
  readonly #resolve: ResolveSchema;

  constructor(random: Random, resolve: ResolveSchema) {
    this.#random = random;
    this.#resolve = resolve;
  }

  generate(operation: ApiOperation, pool: RequestPool): GeneratedRequest {
    let isValid = true;
    const spoil = <Value>(valid: Value, spoiled: () => Value): Value => {
      if (!this.#random.chance(SPOILED_SHARE)) return valid;
      isValid = false;
      return spoiled();
    };
    const headers = this.#headers(operation, pool, spoil);
    const method = spoil(operation.method.toUpperCase(), () => this.#random.pick(METHODS));
    const path = operation.path.replaceAll(/\{\w+\}/g, () =>
      spoil(this.#random.pick(pool.ids), () => toUrlText(this.#strangeText())),
    );
    const query = this.#query(operation, spoil);
    const body = this.#body(operation, spoil);
    return { method, target: query === '' ? path : `${path}?${query}`, headers, body, isValid };
  }

  #headers(operation: ApiOperation, { token }: RequestPool, spoil: Spoil): Record<string, string> {
    const headers: Record<string, string> = {
      Authorization: spoil(`Bearer ${token}`, () => this.#random.pick(AUTHORIZATIONS)),
    };
    if (operation.bodySchema !== null) {
      headers['Content-Type'] = spoil('application/json', () => this.#random.pick(CONTENT_TYPES));
    }
    for (const { name } of operation.parameters.filter((parameter) => parameter.in === 'header')) {
      // Entity tags and idempotency keys have patterns. These values match both.
      if (this.#random.chance(0.3)) headers[name] = spoil(`"${this.#random.integer(1, 3)}"`, () => this.#headerText());
    }
    return headers;
  }

  #query(operation: ApiOperation, spoil: Spoil): string {
    const parameters = operation.parameters.filter(({ in: place }) => place === 'query');
    const pairs = parameters
      .filter(() => this.#random.chance(0.5))
      .map(({ name, schema }) => {
        const isText = schema.pattern === undefined || schema.example !== undefined;
        const value = isText ? String(this.#valueOf(schema)) : 'aaaaaaaaaaaaaaaa';
        return `${name}=${spoil(value, () => toUrlText(this.#strangeText()))}`;
      });
    return spoil(pairs.join('&'), () =>
      this.#random.pick(['%', '&&==', `${pairs.join('&')}&limit=1&limit=2`, 'a[]=1', '%ff=%00']),
    );
  }

  #body({ bodySchema }: ApiOperation, spoil: Spoil): Buffer | null {
    if (bodySchema === null) return null;
    const value = spoil(this.#valueOf(bodySchema), () => this.#strangeObject(bodySchema));
    const text = Buffer.from(JSON.stringify(value));
    return spoil<Buffer | null>(text, () =>
      this.#random.pick([
        null,
        text.subarray(0, -1),
        Buffer.from([0xff, 0xfe, 0x7b]),
        Buffer.alloc(20_000, 0x20),
        Buffer.of(),
      ]),
    );
  }

  /** A value that the schema allows. */
  #valueOf(schema: JsonSchema): unknown {
    if (typeof schema.$ref === 'string') return this.#valueOf(this.#resolve(schema.$ref));
    if (Array.isArray(schema.enum)) return this.#random.pick<unknown>(schema.enum);
    if (schema.example !== undefined) return schema.example;
    const types = [schema.type].flat();
    if (types.includes('null') && this.#random.chance(0.3)) return null;
    if (types.includes('object')) return this.#objectOf(schema);
    if (types.includes('array')) {
      return Array.from({ length: this.#random.integer(0, 3) }, () => this.#valueOf(schema.items as JsonSchema));
    }
    if (types.includes('boolean')) return this.#random.chance(0.5);
    if (types.includes('integer')) return this.#random.integer(Number(schema.minimum), Number(schema.maximum));
    if (schema.format === 'date-time') return new Date(this.#random.integer(0, 4e12)).toISOString();
    if (types.includes('string')) return this.#textOf(schema);
    throw new Error(`no generator for ${JSON.stringify(schema)}`);
  }

  #objectOf({ properties = {}, required = [] }: JsonSchema): Record<string, unknown> {
    const entries = Object.entries(properties as Record<string, JsonSchema>);
    const present = entries.filter(([name]) => (required as string[]).includes(name) || this.#random.chance(0.5));
    return Object.fromEntries(present.map(([name, schema]) => [name, this.#valueOf(schema)]));
  }

  /** Printable characters of several kinds, without white space. */
  #textOf(schema: JsonSchema): string {
    const length = this.#random.integer(Number(schema.minLength), Math.min(Number(schema.maxLength), 100));
    return Array.from({ length }, () => this.#random.pick(['a', 'Z', '7', '"', '\\', '<', 'é', '漢'])).join('');
  }

  /** An object of the schema with a strange value in a known or unknown field, or any strange value. */
  #strangeObject(schema: JsonSchema): unknown {
    const valid = this.#valueOf(schema);
    if (typeof valid !== 'object' || this.#random.chance(0.2)) return this.#random.pick(STRANGE_VALUES);
    const { properties = {} } = typeof schema.$ref === 'string' ? this.#resolve(schema.$ref) : schema;
    const name = this.#random.pick([
      ...Object.keys(properties as object),
      'unknown',
      '__proto__',
      'constructor',
      'keyHash',
    ]);
    return Object.assign(Object.create(null), valid, { [name]: this.#random.pick(STRANGE_VALUES) });
  }

  #strangeText = (): string => this.#random.pick(STRANGE_TEXTS);

  /** Without the characters that Node.js refuses to send in a header. */
  #headerText = (): string => this.#strangeText().replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
}

/** Percent-encoded UTF-8. A lone surrogate has none and becomes U+FFFD. */
const toUrlText = (text: string): string => encodeURIComponent(Buffer.from(text).toString());

type Spoil = <Value>(valid: Value, spoiled: () => Value) => Value;
