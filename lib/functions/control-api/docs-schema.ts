import { html } from 'hono/html';

/** A piece of HTML; texts that go into it are escaped by `html`. */
export type Html = ReturnType<typeof html>;

/** What the page shows of a JSON Schema. */
export interface DocumentSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly items?: DocumentSchema;
  readonly anyOf?: readonly DocumentSchema[];
  readonly allOf?: readonly DocumentSchema[];
  readonly properties?: Readonly<Record<string, DocumentSchema>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly [constraint: string]: unknown;
}

/** Constraints that are shown by their JSON Schema names. */
const CONSTRAINTS = ['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'format', 'default'];

/** The type of a value in a few words; a schema that has a name is a link to it. */
export function schemaType(schema: DocumentSchema): Html {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
    return html`<a href="#${name}">${name}</a>`;
  }
  const options = schema.anyOf ?? schema.allOf;
  if (options !== undefined)
    return html`${options.map((option, index) => html`${index > 0 ? ' or ' : ''}${schemaType(option)}`)}`;
  if (schema.items !== undefined) return html`array of ${schemaType(schema.items)}`;
  const values = schema.const === undefined ? schema.enum : [schema.const];
  if (values !== undefined) return html`<code>${values.map((value) => JSON.stringify(value)).join(' | ')}</code>`;
  return html`${[schema.type ?? 'any'].flat().join(' or ')}`;
}

/** One row for each field of an object: name, type, what it means and how it is limited. */
export function fieldTable(schema: DocumentSchema): Html {
  const fields = [schema, ...(schema.allOf ?? [])].flatMap((part) => Object.entries(part.properties ?? {}));
  if (fields.length === 0) return html`<p>${schemaType(schema)}</p>`;
  return html`<table>
    ${fields.map(
      ([name, field]) =>
        html`<tr><th><code>${name}</code></th><td>${schemaType(field)}</td><td>${meaning(field)}</td></tr>`,
    )}
  </table>`;
}

/** What a field means, and its constraints. */
export function meaning(schema: DocumentSchema): string {
  const constraints = CONSTRAINTS.filter((name) => schema[name] !== undefined).map(
    (name) => `${name}: ${JSON.stringify(schema[name])}`,
  );
  return [schema.description, ...constraints].filter((text) => text !== undefined).join('; ');
}
