import type { DocumentSchema } from './docs-schema.ts';

/** What an example of a call needs of an operation. */
export interface ExampleCall {
  /** In lower case, as in an OpenAPI document. */
  readonly method: string;
  readonly path: string;
  /** Null if everybody may call it. */
  readonly scope: string | null;
  /** Schemas of the body by media type. Null if it takes none. */
  readonly body: Readonly<Record<string, { readonly schema: DocumentSchema }>> | null;
}

/** Named schemas of the document. */
export type DocumentSchemas = Readonly<Record<string, object>>;

/**
 * A command that can be pasted into a shell. The token, and the ids that the path needs, are variables of the shell, so no
 * secret gets into its history.
 */
export function curlExample(
  { method, path, scope, body }: ExampleCall,
  baseUrl: string,
  schemas: DocumentSchemas,
): string {
  const url = `"${baseUrl}${path.replace(/(\w+)\/\{(\w+)\}/g, (_whole, folder, name) => `${folder}/$${variable(folder, name)}`)}"`;
  return [
    `curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}${url}`,
    ...(scope === null ? [] : ['-H "Authorization: Bearer $TOKEN"']),
    ...bodyOptions(body, schemas),
  ].join(' \\\n  ');
}

/** `STREAM_ID` for `/streams/{id}`, and `PURGE_ID` for `{purgeId}`. */
function variable(folder: string, name: string): string {
  const whole = name === 'id' ? `${folder.replace(/s$/, '')}Id` : name;
  return whole.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function bodyOptions(body: ExampleCall['body'], schemas: DocumentSchemas): string[] {
  const [mediaType, content] = Object.entries(body ?? {})[0] ?? [];
  if (mediaType === undefined || content === undefined) return [];
  const type = `-H 'Content-Type: ${mediaType}'`;
  if (!mediaType.endsWith('json')) return [type, `--data-binary @picture.${mediaType.replace(/^.*\//, '')}`];
  // In single quotes, a shell takes everything as it is, except a single quote.
  const json = JSON.stringify(exampleOf(resolve(content.schema, schemas))).replaceAll("'", "'\\''");
  return [type, `-d '${json}'`];
}

const resolve = (schema: DocumentSchema, schemas: DocumentSchemas): DocumentSchema =>
  schema.$ref === undefined ? schema : ((schemas[schema.$ref.replace(/^.*\//, '')] as DocumentSchema) ?? {});

/** A body that is accepted: what must be there, and what has a default that says something. */
function exampleOf({ properties = {}, required = [] }: DocumentSchema): Readonly<Record<string, unknown>> {
  const fields = Object.entries(properties);
  const shown = fields.filter(([name, { default: usual }]) => required.includes(name) || isTelling(usual));
  const some = shown.length > 0 ? shown : fields.filter(([, { example }]) => example !== undefined).slice(0, 1);
  return Object.fromEntries(some.map(([name, field]) => [name, field.example ?? field.default ?? field.enum?.[0]]));
}

const isTelling = (usual: unknown): boolean =>
  usual !== undefined && usual !== null && !(Array.isArray(usual) && usual.length === 0);
