import type { OpenAPIHono } from '@hono/zod-openapi';
import { docsPage, type OpenApiDocument } from './docs-page.ts';
import type { RouteName } from './route-access.ts';

const PAGE_PATH = '/api/docs';
const STYLE_PATH = '/api/docs.css';

/** The routes of the reference, which needs no token. */
export const DOCS_ROUTES: readonly RouteName[] = [`GET ${PAGE_PATH}`, `GET ${STYLE_PATH}`];

/** The page needs its style sheet and nothing else. */
const DOCS_SECURITY_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/** The style of the page, light or dark like the reader's system. */
const DOCS_STYLE = `
:root { color-scheme: light dark; --ground: #fff; --text: #1b1f24; --link: #0550ae; --line: #d0d7de; --code: #f3f5f7; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #10141c; --text: #e6e9ee; --link: #8ab4ff; --line: #333b47; --code: #1b212c; }
}
html { background: var(--ground); color: var(--text); }
a { color: var(--link); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem 1rem 4rem; }
h1 { font-size: 1.6rem; }
h2 { font-size: 1.2rem; margin-top: 2.5rem; padding-top: 0.5rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin-bottom: 0.25rem; }
code { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere; }
pre { background: var(--code); padding: 0.75rem; border-radius: 0.4rem; font: 0.85rem/1.5 ui-monospace, monospace; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; }
td { overflow-wrap: anywhere; }
th code { overflow-wrap: break-word; }
th, td { border-bottom: 1px solid var(--line); }
ul { padding-left: 1.2rem; }
.method { text-transform: uppercase; font-weight: 700; }
`;

/** Adds the API reference: a page that shows the OpenAPI document to people. */
export function addDocsRoutes(
  app: OpenAPIHono,
  paths: { readonly document: string; readonly baseUrl: string },
  document: () => OpenApiDocument,
): void {
  app.get(PAGE_PATH, (context) =>
    context.html(docsPage(document(), { ...paths, style: STYLE_PATH }), 200, {
      'Content-Security-Policy': DOCS_SECURITY_POLICY,
    }),
  );
  app.get(STYLE_PATH, (context) => context.body(DOCS_STYLE, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
}
