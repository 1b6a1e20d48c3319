import { createServer } from 'node:http';
import { HttpClient } from '#scripts/check-hls/http-client.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';
import { xCache } from '#scripts/probe/checks/x-cache.ts';
import { PlayedAnswers } from '#scripts/probe/played-answers.ts';
import type { ProbeContext } from '#scripts/probe/probe-context.ts';

/** Runs the check on a viewer who got one segment, from an edge that answers the same request with these values in turn. */
async function check(values: readonly (string | null)[]) {
  let requests = 0;
  const edge = await listenOnLoopback(
    createServer((_request, response) => {
      const value = values[requests++] ?? values.at(-1) ?? null;
      response.writeHead(200, value === null ? {} : { 'x-cache': value }).end();
    }),
  );
  const http = new HttpClient();
  const { signal } = new AbortController();
  try {
    const answers = new PlayedAnswers();
    answers.add(await http.get(`${edge.url}/live/abcdefghijklmnop/360p/1000-7.m4s`, signal));
    const context = { publicBroadcast: async () => ({ answers }), http, signal } as unknown as ProbeContext;
    return { ...(await xCache.run(context)), requests };
  } finally {
    http.close();
    await edge.close();
  }
}

test('a segment that comes from a cache the second time is good, also if another cache of the location is asked first', async () => {
  expect(await check(['Miss from cloudfront', 'Hit from cloudfront'])).toMatchObject({ ok: true, requests: 2 });
  const late = await check(['Miss from cloudfront', 'Miss from cloudfront', 'RefreshHit from cloudfront']);
  expect(late).toMatchObject({ ok: true, requests: 3, measured: expect.stringContaining('segment 0/1') });
});

test('a segment that never does is found out after a few requests', async () => {
  expect(await check(['Miss from cloudfront'])).toMatchObject({ ok: false, requests: 6 });
});

test('an edge without the header has no such cache', async () => {
  expect(await check([null])).toMatchObject({ ok: null, requests: 1 });
});
