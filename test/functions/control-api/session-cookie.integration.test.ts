import { createServer } from 'node:http';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

let api: ApiWithDatabase;
let testBrowser: TestBrowser;

beforeAll(async () => {
  [api, testBrowser] = await Promise.all([startApiWithDatabase(), launchBrowser()]);
});
afterAll(async () => {
  await testBrowser.close();
  await api.close();
});

test('a browser keeps the cookie from scripts, and pages of other origins can do nothing with it', async () => {
  const page = await testBrowser.newPage();
  // An answer without a security policy of its own, so that it may call anything, as a page of another site may.
  await page.goto(`${api.url}/api/health`);
  const own = await page.evaluate(async (token) => {
    const post = (path: string, body: object) =>
      fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    const signedIn = await post('/api/sessions', { token });
    const created = await post('/api/streams', { title: 'Own' });
    return [signedIn.status, created.status, (await fetch('/api/sessions/current')).status, document.cookie];
  }, api.tokens[0]);
  expect(own).toEqual([201, 201, 200, '']);

  const other = await listenOnLoopback(
    createServer((_request, response) => void response.setHeader('content-type', 'text/html').end('<!doctype html>')),
  );
  // Browsers count all ports of a host as one site, and add its cookies.
  for (const url of [other.url, other.url.replace('127.0.0.1', 'localhost')]) {
    await page.goto(url);
    await page.evaluate(async (target) => {
      const body = new Blob(['{"title": "Foreign"}'], { type: 'text/plain' });
      const options = { method: 'POST', mode: 'no-cors', credentials: 'include' } as const;
      await fetch(`${target}/api/streams`, { ...options, body });
      await fetch(`${target}/api/streams`, options);
    }, api.url);
  }
  await other.close();
  const { streams } = (await api.call('GET', '/api/streams')).json;
  expect(streams.map(({ title }: { title: string }) => title)).toEqual(['Own']);
  const refused = api.logLines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'a change was refused');
  // A page of the same site has the cookie, and one of another site has not.
  expect(refused.map(({ status }) => status)).toEqual([403, 403, 401, 401]);
});
