import { html } from 'hono/html';
import { type DocumentSchema, fieldTable, type Html, meaning, schemaType } from './docs-schema.ts';

/** What the page shows of an OpenAPI 3.1 document. */
export interface OpenApiDocument {
  readonly info: { readonly title: string };
  readonly paths?: Readonly<Record<string, object>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, object>> };
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly schema: DocumentSchema;
}

type Content = Readonly<Record<string, { readonly schema: DocumentSchema }>>;

/** A page to read the document: no script, nothing from another host. */
export function docsPage(
  document: OpenApiDocument,
  paths: { readonly document: string; readonly style: string },
): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${document.info.title}</title>
<link rel="stylesheet" href="${paths.style}">
</head>
<body>
<h1>${document.info.title}</h1>
<p>JSON over HTTP. Errors are <code>application/problem+json</code> (RFC 9457). For programs:
<a href="${paths.document}">${paths.document}</a>.</p>
${Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => operationSection(method, path, operation)),
)}
${Object.entries(document.components?.schemas ?? {}).map(
  ([name, schema]) => html`<h2 id="${name}">${name}</h2>${fieldTable(schema as DocumentSchema)}`,
)}
</body>
</html>`;
}

function operationSection(method: string, path: string, operation: Operation): Html {
  const { summary, description, security, parameters = [], requestBody, responses } = operation;
  return html`<h2><span class="method">${method}</span> <code>${path}</code></h2>
<p>${summary}${security === undefined ? '' : '. Needs an admin token: '}${security === undefined ? '' : html`<code>Authorization: Bearer …</code>`}</p>
${description === undefined ? '' : html`<p>${description}</p>`}
${parameters.length === 0 ? '' : parameterTable(parameters)}
${requestBody === undefined ? '' : html`<p>Body: ${contentType(requestBody.content)}</p>`}
<h3>Answers</h3>
<ul>${Object.entries(responses).map(
    ([status, { description: meaning, content = {} }]) =>
      html`<li><code>${status}</code> ${meaning}${Object.keys(content).length === 0 ? '' : ': '}${contentType(content)}</li>`,
  )}</ul>`;
}

const contentType = (content: Content): Html => html`${Object.values(content).map(({ schema }) => schemaType(schema))}`;

const parameterTable = (parameters: readonly Parameter[]): Html =>
  html`<table>${parameters.map(
    ({ name, in: place, schema, description }) =>
      html`<tr><th><code>${name}</code></th><td>${place}, ${schemaType(schema)}</td><td>${meaning({ ...(description === undefined ? {} : { description }), ...schema })}</td></tr>`,
  )}</table>`;
