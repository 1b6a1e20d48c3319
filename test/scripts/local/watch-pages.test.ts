import { createServer } from 'node:http';
import pino from 'pino';
import { parsePagePath } from '#domain/watch-pages.ts';
import type { ApiOrigin } from '#scripts/local/http-api.ts';
import { type ListeningServer, listenOnLoopback } from '#scripts/local/http-server.ts';
import { loadWatchPages } from '#scripts/local/watch-pages.ts';

const ID = 'abcdefghij234567';

let asked: string[];
let status: number;
let server: ListeningServer;
beforeEach(async () => {
  asked = [];
  status = 200;
  const api: ApiOrigin = async (_request, url) => {
    asked.push(url);
    return { statusCode: status, headers: { 'cache-control': 'public' }, body: `page ${status}` };
  };
  const pages = await loadWatchPages({
    ...{ api, log: pino({ level: 'silent' }) },
    site: { serve: (path, response, kind) => Boolean(response.end(`static ${path} ${kind}`)) },
  });
  server = await listenOnLoopback(createServer((request, response) => void pages(request, response)));
});
afterEach(() => server.close());

const textOf = async (path: string): Promise<string> => (await fetch(`${server.url}${path}`)).text();

test.each([
  [`/watch/${ID}`, `/watch.html?kind=watch&id=${ID}`],
  [`/embed/t${ID}?utm_source=x&kind=embed&id=other`, `/watch.html?kind=embed&id=t${ID}`],
  [`/watch/${ID}/`, `/watch.html?kind=watch&id=${ID}`],
  ['/watch/nobody', '/watch.html?'],
  [`/watch/${ID}/more`, '/watch.html?'],
  [`/watch/${ID.toUpperCase()}`, '/watch.html?'],
])('%s asks the API for %s', async (path, url) => {
  expect(await textOf(path)).toBe('page 200');
  expect(asked).toEqual([url]);
});

test('the function in CloudFront knows the same pages as the rest of the code', async () => {
  for (const path of [
    `/watch/${ID}`,
    `/embed/t${ID}`,
    `/embed/t${ID}/`,
    `/watch/${ID}//`,
    `/watch/${ID}a`,
    `/clip/${ID}`,
    '/watch/',
    `/watch/1${ID.slice(1)}`,
  ])
    expect((await askedFor(path)).includes('kind=')).toBe(parsePagePath(path) !== null);
});

async function askedFor(path: string): Promise<string> {
  await textOf(path);
  return asked.at(-1) ?? '';
}

test.each([403, 429, 500, 502, 503, 504])('a page is static when the API answers %i', async (failure) => {
  status = failure;
  expect(await textOf(`/embed/${ID}`)).toBe('static /watch.html embed');
});

test('that there is no such stream is an answer, with the headers of pages', async () => {
  status = 404;
  const response = await fetch(`${server.url}/embed/${ID}`);
  expect([response.status, await response.text()]).toEqual([404, 'page 404']);
  expect(response.headers.get('content-security-policy')).toContain('frame-ancestors *');
});
