import type { OpenAPIHono } from '@hono/zod-openapi';
import { docsPage, type OpenApiDocument } from './docs-page.ts';
import { DOCS_STYLE } from './docs-style.ts';

const STYLE_PATH = '/api/docs.css';

/** The page needs its style sheet and nothing else. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/** Adds the page that shows the OpenAPI document to people. */
export function addDocsRoutes(app: OpenAPIHono, documentPath: string, document: () => OpenApiDocument): void {
  app.get('/api/docs', (context) =>
    context.html(docsPage(document(), { document: documentPath, style: STYLE_PATH }), 200, {
      'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    }),
  );
  app.get(STYLE_PATH, (context) => context.body(DOCS_STYLE, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
}
