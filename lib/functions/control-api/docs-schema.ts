import { html } from 'hono/html';

/** A piece of HTML. `html` escapes all text in it. */
export type Html = ReturnType<typeof html>;

/** The parts of a JSON Schema that the page shows. */
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

/** Constraints that the page shows under their JSON Schema names. */
const CONSTRAINTS = ['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'format', 'default'];

/** The type of a value in a few words. A named schema is shown as a link. */
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

/** One row for each field of an object, with its name, type, description and constraints. */
export function fieldTable(schema: DocumentSchema): Html {
  const fields = [schema, ...(schema.allOf ?? [])].flatMap((part) => Object.entries(part.properties ?? {}));
  if (fields.length === 0) return html`<p>${schemaType(schema)}</p>`;
  return html`<table>
    ${fields.map(
      ([name, field]) =>
        html`<tr><th scope="row"><code>${name}</code></th><td>${schemaType(field)}</td><td>${meaning(field)}</td></tr>`,
    )}
  </table>`;
}

/** A text of the document. What is in backticks there is code. */
export const prose = (text: string): Html =>
  html`${text.split('`').map((part, index) => (index % 2 === 0 ? part : html`<code>${part}</code>`))}`;

/** The description and the constraints of a field. */
export function meaning(schema: DocumentSchema): Html {
  const constraints = CONSTRAINTS.filter((name) => schema[name] !== undefined).map(
    (name) => `${name}: ${JSON.stringify(schema[name])}`,
  );
  return prose([schema.description, ...constraints].filter((text) => text !== undefined).join('; '));
}
