import { docsPage } from '#functions/control-api/docs-page.ts';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

let api: ApiWithDatabase;
let testBrowser: TestBrowser;

beforeAll(async () => {
  api = await startApiWithDatabase();
  testBrowser = await launchBrowser();
});
afterAll(async () => {
  await testBrowser.close();
  await api.close();
});

test('the page shows every operation and every schema, with style, and loads nothing from another host', async () => {
  const page = await testBrowser.newPage();
  const requested: string[] = [];
  page.on('request', (request) => requested.push(request.url()));
  await page.goto(`${api.url}/api/docs`);

  const { paths, components } = await (await fetch(`${api.url}/api/openapi.json`)).json();
  const calls = Object.entries<object>(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const headings = (await page.locator('h2').allInnerTexts()).map((heading) => heading.trim());
  expect(headings).toEqual([...calls, ...Object.keys(components.schemas)]);
  await page
    .locator('a', { hasText: /^StreamWithKey$/ })
    .first()
    .click();
  expect(new URL(page.url()).hash).toBe('#StreamWithKey');
  expect(await page.locator('body').evaluate((body) => getComputedStyle(body).maxWidth)).not.toBe('none');
  expect(new Set(requested.map((url) => new URL(url).origin))).toEqual(new Set([api.url]));
  expect(testBrowser.consoleErrors.filter((error) => !error.includes('favicon'))).toEqual([]);
});

test('every link to a schema has a target', async () => {
  const page = await (await fetch(`${api.url}/api/docs`)).text();
  const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
  expect(targets.length).toBeGreaterThan(20);
  for (const id of targets) expect(page).toContain(`<h2 id="${id}">`);
});

test('its policy allows only its own style sheet', async () => {
  const { headers } = await fetch(`${api.url}/api/docs`);
  expect(headers.get('Content-Security-Policy')).toMatch(/^default-src 'none'; style-src 'self'; base-uri 'none';/);
  expect((await fetch(`${api.url}/api/docs.css`)).headers.get('Content-Type')).toBe('text/css; charset=utf-8');
});

test.each(['/api/docs', '/api/docs.css', '/api/openapi.json', '/api/health', '/api/nothing', '/api/streams'])(
  'no browser sniffs what %s is',
  async (path) => {
    expect((await fetch(`${api.url}${path}`)).headers.get('X-Content-Type-Options')).toBe('nosniff');
  },
);

test('texts of the document are escaped', async () => {
  const description = '<img src=x onerror=alert(1)>"&';
  const schema = {
    type: 'object',
    properties: { [description]: { type: 'string', enum: [description], description } },
  };
  const operation = {
    summary: description,
    description,
    parameters: [{ name: description, in: 'query', description, schema: { type: 'string' } }],
    responses: { 200: { description } },
  };
  const page = await docsPage(
    {
      info: { title: description },
      paths: { [description]: { get: operation } },
      components: { schemas: { A: schema } },
    },
    { document: '/d', style: '/s' },
  );
  expect(String(page)).not.toContain('<img');
  expect(String(page).split('&lt;img').length).toBeGreaterThan(9);
});
