import { withPlaybackId } from '#domain/streams.ts';
import { WatchPage } from '#functions/control-api/watch-page.ts';
import { makeBroadcastState, makeStreamRecord } from '#kit/stream-record.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

const BASE_URL = 'http://127.0.0.1:8080';
const UNKNOWN_ID = 'zzzzzzzzzzzzzzzz';
const PROTECTED_ID = 'tzzzzzzzzzzzzzzzz';
const NASTY_TITLE = `</title><script>alert("1")</script> $& 'ünïcode' 🎉 שלום`;
/** All of it as text of HTML. */
const NASTY_TEXT = '&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; $&amp; &#39;ünïcode&#39; 🎉 שלום';

let api: ApiWithDatabase;
beforeAll(async () => {
  api = await startApiWithDatabase();
});
afterAll(() => api.close());

/** A stream with a playback id of its own, as the API stores it. */
async function makeStream(playbackId: string, changes: object = {}) {
  const record = makeStreamRecord({
    id: `stream-${playbackId}`,
    playbackId,
    keyHash: `hash-${playbackId}`,
    ...changes,
  });
  await api.streams.create(record);
  return record;
}

async function page(playbackId: string, kind = 'watch') {
  const response = await fetch(`${api.url}/watch.html?kind=${kind}&id=${playbackId}`);
  return { status: response.status, cacheControl: response.headers.get('cache-control'), html: await response.text() };
}

async function oEmbed(query: string | Record<string, string>) {
  const response = await fetch(`${api.url}/oembed?${new URLSearchParams(query)}`);
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: JSON.parse(text) };
}

const urlOf = (playbackId: string, kind = 'watch'): string => `${BASE_URL}/${kind}/${playbackId}`;

describe('a page', () => {
  test('has the title of its stream in its title, its heading and its link preview', async () => {
    await makeStream('aaaaaaaaaaaaaaaa', { title: 'Morning show' });
    const { status, cacheControl, html } = await page('aaaaaaaaaaaaaaaa');
    expect([status, cacheControl]).toEqual([200, 'public, max-age=0, s-maxage=30']);
    expect(html).toContain('<title>Morning show</title>');
    expect(html).toMatch(/<h1[^>]*>Morning show<\/h1>/);
    expect(html).toContain('<meta property="og:title" content="Morning show" />');
    expect(html).toContain('<meta property="og:type" content="video.other" />');
    expect(html).toContain(`<meta property="og:url" content="${urlOf('aaaaaaaaaaaaaaaa')}" />`);
    expect(html).not.toContain('og:image');
    const discovery = /<link rel="alternate" type="application\/json\+oembed" href="([^"]*)"/.exec(html)?.[1] ?? '';
    const { pathname, search } = new URL(discovery.replaceAll('&amp;', '&'));
    const found = await fetch(`${api.url}${pathname}${search}`);
    expect(await found.json()).toMatchObject({ title: 'Morning show' });
  });

  test('inside another site names the same watch page', async () => {
    await makeStream('bbbbbbbbbbbbbbbb');
    const { html } = await page('bbbbbbbbbbbbbbbb', 'embed');
    expect(html).toContain(`<link rel="canonical" href="${urlOf('bbbbbbbbbbbbbbbb')}" />`);
  });

  test('shows any title as text, and nothing of it as markup', async () => {
    await makeStream('cccccccccccccccc', { title: NASTY_TITLE });
    const { html } = await page('cccccccccccccccc');
    expect(html).toContain(`<title>${NASTY_TEXT}</title>`);
    expect(html).toContain(`<meta property="og:title" content="${NASTY_TEXT}" />`);
    expect(html).toContain(`>${NASTY_TEXT}</h1>`);
    const plain = await page(UNKNOWN_ID);
    expect(html.match(/<script/g)).toEqual(plain.html.match(/<script/g));
  });

  test.each([UNKNOWN_ID, '', 'x', '../x', 'A'.repeat(16), `${UNKNOWN_ID}"><script>`])(
    'of an id that nobody has (%j) says so, with a 404 that is not kept',
    async (id) => {
      const { status, cacheControl, html } = await page(encodeURIComponent(id));
      expect([status, cacheControl]).toEqual([404, 'public, max-age=0, s-maxage=1']);
      expect(html).toContain('<title>No such stream</title>');
      expect(html).not.toContain('og:');
    },
  );

  test('of a former playback id, or of a deleted stream, is there no more', async () => {
    const record = await makeStream('dddddddddddddddd');
    const moved = { ...record, ...withPlaybackId(record, 'eeeeeeeeeeeeeeee'), version: record.version + 1 };
    await api.streams.replace(moved);
    expect((await page('dddddddddddddddd')).status).toBe(404);
    expect((await page('eeeeeeeeeeeeeeee')).status).toBe(200);
    await api.streams.replace({ ...moved, deletedAt: '2026-01-02T03:04:05.000Z', version: moved.version + 1 });
    expect((await page('eeeeeeeeeeeeeeee')).status).toBe(404);
  });

  test('of a protected stream is the same as if there were none', async () => {
    await makeStream('tffffffffffffffff', { title: 'Secret', playback: 'token' });
    const [there, missing] = [await page('tffffffffffffffff'), await page(PROTECTED_ID)];
    expect(there).toEqual(missing);
    expect(there).toMatchObject({ status: 200 });
    expect(there.html).toContain('<title>Live stream</title>');
    expect(there.html).not.toContain('og:');
  });

  test('needs a place for the title', () => {
    expect(() => new WatchPage('<html></html>', BASE_URL)).toThrow('lacks');
  });
});

describe('oEmbed', () => {
  const ID = 'gggggggggggggggg';
  beforeAll(() => makeStream(ID, { title: NASTY_TITLE }));

  test.each(['watch', 'embed'])('describes the player of a %s page, for any site', async (kind) => {
    const { status, headers, json } = await oEmbed({ url: urlOf(ID, kind) });
    expect([status, headers.get('access-control-allow-origin')]).toEqual([200, '*']);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(json).toMatchObject({
      ...{ version: '1.0', type: 'video', title: NASTY_TITLE, width: 1280, height: 720 },
      ...{ provider_name: 'Headend', provider_url: `${BASE_URL}/` },
    });
    expect(json.html).toContain(`<iframe src="${urlOf(ID, 'embed')}" width="1280" height="720" title="${NASTY_TEXT}"`);
    expect(json.html.match(/</g)).toHaveLength(2);
  });

  test.each([
    [{ maxwidth: '640' }, 640, 360],
    [{ maxheight: '360' }, 640, 360],
    [{ maxwidth: '640', maxheight: '100' }, 177, 100],
    [{ maxwidth: '999999', maxheight: '999999' }, 1280, 720],
    [{ maxwidth: '1' }, 1, 1],
  ])('fits the player into %j', async (limits, width, height) => {
    expect((await oEmbed({ url: urlOf(ID), ...limits })).json).toMatchObject({ width, height });
  });

  test('makes the player as the picture is', async () => {
    const playbackId = 'hhhhhhhhhhhhhhhh';
    const { id: streamId } = await makeStream(playbackId);
    const publish = {
      streamId,
      owner: 'connection',
      version: 1,
      startedAt: new Date().toISOString(),
      nowMs: Date.now(),
    };
    const holder = { taskId: 'task', address: '127.0.0.1:1', playbackId };
    await api.live.claimPlaybackId({ playbackId, streamId, nowMs: Date.now() });
    const begun = await api.live.begin({ ...publish, holder });
    const { sequence, ...broadcast } = makeBroadcastState();
    const offered = { run: { video: [{ name: '720p', width: 406, height: 720 }] } };
    await api.live.heartbeat({
      ...{ streamId, epoch: begun?.epoch ?? 0, owner: 'connection', leaseUntilMs: Date.now() + 8_000, health: null },
      broadcast: { ...broadcast, sequence: { ...sequence, offered } },
    });
    expect((await oEmbed({ url: urlOf(playbackId) })).json).toMatchObject({ width: 405, height: 720 });
  });

  test.each([
    ['no url', {}, 400],
    ['two urls', `url=${urlOf(ID)}&url=${urlOf(ID)}`, 400],
    ['an unknown id', { url: urlOf(UNKNOWN_ID) }, 404],
    ['another site', { url: `https://evil.example/watch/${ID}` }, 404],
    ['another port', { url: `http://127.0.0.1:8081/watch/${ID}` }, 404],
    ['another scheme', { url: `javascript:${urlOf(ID)}` }, 404],
    ['a user in front of the host', { url: `http://127.0.0.1:8080@evil.example/watch/${ID}` }, 404],
    ['another page', { url: `${BASE_URL}/live/${ID}` }, 404],
    ['text', { url: 'not a url' }, 404],
    ['10 kB', { url: `${urlOf(ID)}?${'x'.repeat(10_000)}` }, 404],
    ['a protected stream', { url: urlOf(PROTECTED_ID) }, 401],
    ['xml', { url: urlOf(ID), format: 'xml' }, 501],
    ['no width', { url: urlOf(ID), maxwidth: '0' }, 400],
    ['a width that is no number', { url: urlOf(ID), maxwidth: '1e3' }, 400],
  ])('is refused for %s', async (_name, query, status) => {
    const answer = await oEmbed(query);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  test('does not mind a slash, a query or the fragment with a token', async () => {
    for (const rest of ['/', '#token=abc', '?utm=x', '?a=1#b'])
      expect(await oEmbed({ url: `${urlOf(ID)}${rest}`, format: 'json' })).toMatchObject({ status: 200 });
  });
});

test('with a backend of your own, nobody knows the titles, and every page may be a stream’s', async () => {
  const own = await startApiWithDatabase(Date.now, { streamIndex: null });
  const response = await fetch(`${own.url}/watch.html?kind=watch&id=${UNKNOWN_ID}`);
  expect([response.status, await response.text()]).toEqual([
    200,
    expect.stringContaining('<title>Live stream</title>'),
  ]);
  const answer = await fetch(`${own.url}/oembed?url=${encodeURIComponent(urlOf(UNKNOWN_ID))}`);
  expect(answer.status).toBe(404);
  await own.close();
});
