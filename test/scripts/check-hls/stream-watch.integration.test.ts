import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { watchStream } from '#scripts/check-hls/stream-watch.ts';
import { goodStream, lastAnswers, laterStream, type RecordedAnswer } from './good-stream.ts';
import { MUTATIONS } from './mutations.ts';

/** Serves the end of a recorded stream, and then that of another presentation of it. Never answers one file of the latter. */
async function serve(silentPath: string) {
  const lastAnswer = lastAnswers(goodStream());
  const asked = new Set<string>();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://stream');
    const hasEnded = ['high', 'low', 'audio'].every((name) => asked.has(`/live/id/${name}/media.m3u8`));
    asked.add(pathname);
    if (pathname === silentPath) return void request.socket.destroy();
    const answer = lastAnswer(pathname.replace('/next/', '/'), request.headers.range);
    const text = answer?.body.toString('latin1') ?? '';
    const isNext = pathname.endsWith('master.m3u8') && hasEnded;
    const named = isNext ? text.replace(/^(high|low)|(?<=URI=")(audio|low)/gm, 'next/$&') : text;
    // Lines may end so, too (RFC 8216bis 4.1).
    const body = pathname.includes('.m3u8') ? named.replaceAll('\n', '\r\n') : named;
    const lifetime = pathname.includes('.m3u8') ? { 'cache-control': 'public, max-age=1' } : {};
    const headers = { ...answer?.headers, ...lifetime, 'content-length': body.length };
    response.writeHead(answer?.status ?? 404, headers).end(Buffer.from(body, 'latin1'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/live/id/master.m3u8` };
}

test('the watch goes on with the next presentation, and says what nobody answered', async () => {
  const silent = '/live/id/next/low/0-20.m4s';
  const { server, asked, url } = await serve(silent);
  try {
    const { checker, watchedSeconds, failure } = await watchStream({ url, signal: AbortSignal.timeout(60_000) });
    expect(failure).toBeNull();
    expect(watchedSeconds).toBeGreaterThan(0);
    expect([...asked]).toEqual(expect.arrayContaining(['/live/id/next/high/media.m3u8', '/live/id/next/low/0-21.m4s']));
    expect(checker.findings()).toEqual([
      { rule: 'answers', section: '6.2.5.2', evidence: expect.stringMatching(/next\/low\/0-20\.m4s.*ECONNRESET/) },
    ]);
  } finally {
    server.close();
  }
});

test('the watch goes on with a presentation that follows at the same paths', async () => {
  const [former, later] = [goodStream(), laterStream(goodStream(), 0)].map(lastAnswers);
  const live = lastAnswers(laterStream(goodStream().map(withoutEnd), 0));
  const asked = new Set<string>();
  let hasEnded = false;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://stream');
    const names = ['high/media', 'low/media', 'low/iframes', 'audio/media'];
    // The next one begins when somebody looks for it.
    if (pathname.endsWith('master.m3u8')) hasEnded = names.every((name) => asked.has(`/live/id/${name}.m3u8`));
    const isLive = hasEnded && !asked.has(`later ${pathname}`);
    if (hasEnded) asked.add(`later ${pathname}`);
    asked.add(pathname);
    const range = request.headers.range;
    const isOld = /\/0-\d\d\./.test(pathname) || (pathname.includes('.m3u8') && !hasEnded);
    const answer = (isOld ? former : isLive ? live : later)?.(pathname, range);
    const lifetime = pathname.includes('.m3u8') ? { 'cache-control': 'public, max-age=1' } : {};
    const headers = { ...answer?.headers, ...lifetime, 'content-length': answer?.body.length ?? 0 };
    response.writeHead(answer?.status ?? 404, headers).end(answer?.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/live/id/master.m3u8`;
    const { checker } = await watchStream({ url, signal: AbortSignal.timeout(60_000) });
    expect([...asked]).toEqual(expect.arrayContaining(['/live/id/low/0-1021.m4s', '/live/id/audio/0-1022.m4s']));
    expect(checker.findings()).toEqual([]);
  } finally {
    server.close();
  }
});

test('a rendition that the multivariant playlist names later is watched and judged', async () => {
  const broken = goodStream();
  MUTATIONS['part-hold-back']?.(broken);
  const [live, ended] = [broken.map(withoutEnd), broken].map(lastAnswers);
  const asked = new Set<string>();
  let hear: () => void = () => undefined;
  const isHighAsked = new Promise<void>((resolve) => {
    hear = resolve;
  });
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://stream');
    const isFirst = !asked.has(pathname);
    asked.add(pathname);
    if (pathname.includes('/high/')) hear();
    // The others go on until somebody has loaded it.
    const goesOn = /(low|audio)\/media/.test(pathname);
    if (goesOn && !isFirst) await isHighAsked;
    const answer = (goesOn && isFirst ? live : ended)?.(pathname, request.headers.range);
    const text = answer?.body.toString('latin1') ?? '';
    const isEarly = pathname.endsWith('master.m3u8') && isFirst;
    const body = isEarly ? text.replace(/#EXT-X-STREAM-INF.*\nhigh.*\n/, '') : text;
    const lifetime = pathname.includes('.m3u8') ? { 'cache-control': 'public, max-age=1' } : {};
    const headers = { ...answer?.headers, ...lifetime, 'content-length': body.length };
    response.writeHead(answer?.status ?? 404, headers).end(Buffer.from(body, 'latin1'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/live/id/master.m3u8`;
    const { checker } = await watchStream({ url, signal: AbortSignal.timeout(30_000), reloadMs: 100 });
    expect(asked).toContain('/live/id/high/0-21.m4s');
    expect(checker.findings()).toEqual([
      { rule: 'part-hold-back', section: expect.any(String), evidence: expect.stringMatching(/^high\/media/) },
    ]);
  } finally {
    server.close();
  }
});

/** A live playlist reports the other renditions. */
function withoutEnd(answer: RecordedAnswer): RecordedAnswer {
  const others = ['high', 'low', 'audio'].filter((name) => !answer.url.includes(`/${name}/`));
  const reports = others.map((name) => `#EXT-X-RENDITION-REPORT:URI="../${name}/media.m3u8",LAST-MSN=22,LAST-PART=3\n`);
  const tail = answer.url.includes('iframes') ? '' : reports.join('');
  const body = answer.url.includes('.m3u8') ? answer.body.toString().replace('#EXT-X-ENDLIST\n', tail) : answer.body;
  return { ...answer, body: Buffer.from(body) };
}
