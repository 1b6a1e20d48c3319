import { html } from 'hono/html';
import { curlExample } from './docs-example.ts';
import { type DocumentSchema, fieldTable, type Html, meaning, prose, schemaType } from './docs-schema.ts';
import { PROBLEM_MEDIA_TYPE } from './problem.ts';

/** The parts of an OpenAPI 3.1 document that the page shows. */
export interface OpenApiDocument {
  readonly info: { readonly title: string };
  readonly paths?: Readonly<Record<string, object>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, object>> };
}

interface DocumentOperation {
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly 'x-roles'?: readonly string[];
  readonly parameters?: readonly DocumentParameter[];
  readonly requestBody?: { readonly content: DocumentContent };
  readonly responses: Readonly<Record<string, DocumentResponse>>;
}

interface DocumentResponse {
  readonly description: string;
  readonly content?: DocumentContent;
}

interface DocumentParameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly schema: DocumentSchema;
}

type DocumentContent = Readonly<Record<string, { readonly schema: DocumentSchema }>>;

/** Where things are that the page names. */
interface DocsPaths {
  readonly document: string;
  readonly style: string;
  /** The API's address without its path, as clients see it. */
  readonly baseUrl: string;
}

/** A page that shows the document. It has no script and loads nothing from other hosts. */
export function docsPage(document: OpenApiDocument, paths: DocsPaths): Html {
  const schemas = document.components?.schemas ?? {};
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${document.info.title}</title>
<link rel="stylesheet" href="${paths.style}">
</head>
<body>
<main>
<h1>${document.info.title}</h1>
<p>JSON over HTTP. Errors are <code>${PROBLEM_MEDIA_TYPE}</code> (RFC 9457). OpenAPI document:
<a href="${paths.document}">${paths.document}</a>.</p>
<p>To paste the examples, put your token into a variable first, and the ids that they name:</p>
<pre>read -rs TOKEN
STREAM_ID=…</pre>
${Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) =>
    operationSection({ method, path, operation, schemas, baseUrl: paths.baseUrl }),
  ),
)}
${Object.entries(schemas).map(
  ([name, schema]) => html`<h2 id="${name}">${name}</h2>${fieldTable(schema as DocumentSchema)}`,
)}
</main>
</body>
</html>`;
}

interface SectionOptions {
  readonly method: string;
  readonly path: string;
  readonly operation: DocumentOperation;
  readonly schemas: Readonly<Record<string, object>>;
  readonly baseUrl: string;
}

function operationSection({ method, path, operation, schemas, baseUrl }: SectionOptions): Html {
  const { summary, description, security, parameters = [], requestBody, responses } = operation;
  const scope = security?.flatMap((requirement) => Object.values(requirement).flat())[0] ?? null;
  const roles = (operation['x-roles'] ?? []).join(', ');
  const access =
    scope === null
      ? ''
      : html`. Needs a token with the scope <code>${scope}</code> (<code>Authorization: Bearer …</code>), or a role: ${roles}`;
  const example = curlExample({ method, path, scope, body: requestBody?.content ?? null }, baseUrl, schemas);
  return html`<h2><span class="method">${method}</span> <code>${path}</code></h2>
<p>${prose(summary ?? '')}${access}</p>
${description === undefined ? '' : html`<p>${prose(description)}</p>`}
<pre>${example}</pre>
${parameters.length === 0 ? '' : html`<table>${parameters.map(parameterRow)}</table>`}
${requestBody === undefined ? '' : html`<p>Body: ${contentType(requestBody.content)}</p>`}
<h3>Responses</h3>
<ul>${Object.entries(responses).map(([status, response]) => responseItem(status, response))}</ul>`;
}

function parameterRow({ name, in: place, schema, description }: DocumentParameter): Html {
  const described = description === undefined ? schema : { description, ...schema };
  return html`<tr>
    <th scope="row"><code>${name}</code></th><td>${place}, ${schemaType(schema)}</td><td>${meaning(described)}</td>
  </tr>`;
}

function responseItem(status: string, { description, content }: DocumentResponse): Html {
  const type = content === undefined ? '' : html`: ${contentType(content)}`;
  return html`<li><code>${status}</code> ${prose(description)}${type}</li>`;
}

/** The type of a body: the schema of JSON, or the media type of everything else. */
const contentType = (content: DocumentContent): Html =>
  html`${Object.entries(content).map(
    ([mediaType, { schema }], index) =>
      html`${index > 0 ? ' or ' : ''}${mediaType.endsWith('json') ? schemaType(schema) : html`<code>${mediaType}</code>`}`,
  )}`;
