import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
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

test.each(['light', 'dark'] as const)('in %s, texts and links stand out from the ground', async (colorScheme) => {
  const page = await testBrowser.newPage();
  await page.emulateMedia({ colorScheme });
  await page.goto(`${api.url}/api/docs`);
  const luminances = await page.evaluate(() => {
    const luminance = (color: string): number => {
      const linear = (color.match(/\d+/g) ?? []).slice(0, 3).map((text) => {
        const value = Number(text) / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return [0.2126, 0.7152, 0.0722].reduce((sum, weight, index) => sum + weight * (linear[index] ?? 0), 0);
    };
    const colorOf = (selector: string, property: 'color' | 'backgroundColor') =>
      luminance(getComputedStyle(document.querySelector(selector) ?? document.body)[property]);
    return {
      ground: colorOf('html', 'backgroundColor'),
      code: colorOf('pre', 'backgroundColor'),
      texts: [colorOf('p', 'color'), colorOf('a', 'color'), colorOf('pre', 'color')],
    };
  });
  const { ground, code, texts } = luminances;
  expect(ground > 0.5).toBe(colorScheme === 'light');
  // Contrast, as in WCAG 2.2, 1.4.3.
  for (const text of texts) {
    for (const behind of [ground, code]) {
      expect((Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05)).toBeGreaterThan(4.5);
    }
  }
  expect(await page.evaluate(() => document.body.innerText)).not.toContain('`');
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

test('the examples work when they are pasted into a shell', async () => {
  const page = await testBrowser.newPage();
  await page.goto(`${api.url}/api/docs`);
  const examples = (await page.locator('pre').allInnerTexts()).filter((text) => text.startsWith('curl'));
  expect(examples).toHaveLength(await page.locator('h2 .method').count());
  const run = async (example: string, variables = {}) => {
    // In a deployment, the address of the example is that of the API.
    const command = example.replace('"http://127.0.0.1:8080/', `"${api.url}/`);
    expect(command).not.toBe(example);
    const environment = { ...process.env, TOKEN: api.tokens[0], ...variables };
    const { stdout } = await promisify(execFile)('sh', ['-c', `${command} -s -w '\\n%{http_code}'`], {
      env: environment,
    });
    const [status, ...body] = stdout.split('\n').reverse();
    return { status: Number(status), body: body.join('') };
  };
  const find = (beginning: string) => examples.find((text) => text.startsWith(beginning)) ?? '';
  const api200 = '"http://127.0.0.1:8080/api';
  const created = await run(find(`curl -X POST ${api200}/streams"`));
  expect([created.status, JSON.parse(created.body).title]).toEqual([201, 'Friday talk']);
  const { id: STREAM_ID } = JSON.parse(created.body);
  for (const [beginning, status] of [
    [`curl ${api200}/health"`, 200],
    [`curl ${api200}/streams"`, 200],
    [`curl ${api200}/streams/$STREAM_ID"`, 200],
    [`curl -X PATCH ${api200}/streams/$STREAM_ID"`, 200],
    [`curl -X POST ${api200}/streams/$STREAM_ID/key"`, 200],
    [`curl -X POST ${api200}/streams/$STREAM_ID/backup-key"`, 200],
    [`curl -X POST ${api200}/tokens"`, 201],
    [`curl ${api200}/audit"`, 200],
    [`curl -X DELETE ${api200}/streams/$STREAM_ID"`, 204],
  ] as const) {
    expect([beginning, await run(find(beginning), { STREAM_ID })]).toMatchObject([beginning, { status }]);
  }
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
    { document: '/d', style: '/s', baseUrl: 'https://live.example.com' },
  );
  expect(String(page)).not.toContain('<img');
  expect(String(page).split('&lt;img').length).toBeGreaterThan(9);
});
