import { NOT_FOUND_CACHE_CONTROL } from '#domain/hls-files.ts';
import { waitFor } from '#kit/wait-for.ts';
import { checkMediaPlaylist } from '#scripts/check-hls/check-playlist.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import { encodeRun, feed, interleaved, toMediaRun } from '#test/support/encoded-run.ts';
import { EPOCH, FIRST_MSN, type OriginAnswer, RunningOrigin } from './running-origin.ts';

let origin: RunningOrigin;

beforeEach(async () => {
  origin = await RunningOrigin.start();
});

afterEach(async () => {
  await origin.server.close();
  expect(origin.errors).toEqual([]);
  for (const name of origin.stream.renditions.keys()) expect(origin.waiting(name)).toBe(0);
});

/** The newest part that a playlist lists, as `msn.part`. */
function newestPart({ body }: OriginAnswer): string {
  const last = parseMediaPlaylist(body.toString()).segments.at(-1);
  return `${last?.msn}.${(last?.parts.length ?? 0) - 1}`;
}

function media(query = ''): string {
  return `480p/media.m3u8${query}`;
}

describe('a blocking reload', () => {
  test.each([
    // the newest segment and its parts at the time of the request, the query, the newest part in the response
    [`${FIRST_MSN}`, 1, `_HLS_msn=${FIRST_MSN}&_HLS_part=1`, `${FIRST_MSN}.1`],
    [`${FIRST_MSN}`, 1, `_HLS_msn=${FIRST_MSN}&_HLS_part=3`, `${FIRST_MSN}.3`],
    [`${FIRST_MSN}`, 1, `_HLS_msn=${FIRST_MSN}`, `${FIRST_MSN}.3`],
    [`${FIRST_MSN}`, 4, `_HLS_msn=${FIRST_MSN}&_HLS_part=4`, `${FIRST_MSN + 1}.0`],
    [`${FIRST_MSN}`, 2, `_HLS_msn=${FIRST_MSN}&_HLS_part=7`, `${FIRST_MSN + 1}.0`],
    [`${FIRST_MSN}`, 4, `_HLS_msn=${FIRST_MSN + 1}&_HLS_part=0`, `${FIRST_MSN + 1}.0`],
    [`${FIRST_MSN}`, 4, `_HLS_msn=${FIRST_MSN + 2}&_HLS_part=1`, `${FIRST_MSN + 2}.1`],
  ])('at segment %s with %i parts, %s waits for part %s', async (_, parts, query, expected) => {
    origin.feedUntil('480p', FIRST_MSN, parts);
    const asked = origin.ask(media(`?${query}`));
    await origin.untilWaiting('480p', 1);
    const [msn = 0, part = 0] = expected.split('.').map(Number);
    if (part > 0) origin.feedUntil('480p', msn, part);
    else origin.feedUntil('480p', msn - 1, 4);
    expect(origin.waiting('480p')).toBe(1);
    origin.feedUntil('480p', msn, part + 1);
    expect(origin.waiting('480p')).toBe(0);
    const answer = await asked;
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('public, max-age=12');
    expect(newestPart(answer)).toBe(expected);
    expect(checkMediaPlaylist(answer.body.toString())).toEqual([]);
  });

  test.each([`_HLS_msn=0`, `_HLS_msn=0&_HLS_part=99`, `_HLS_msn=${FIRST_MSN}&_HLS_part=0`, `_HLS_msn=${FIRST_MSN}`])(
    'for %s, which exists, is answered at once',
    async (query) => {
      origin.feedUntil('480p', FIRST_MSN + 1, 2);
      const answer = await origin.ask(media(`?${query}`));
      expect(newestPart(answer)).toBe(`${FIRST_MSN + 1}.1`);
    },
  );

  test.each([
    [`_HLS_msn=${FIRST_MSN}&_HLS_part=0`, 0],
    [`_HLS_msn=${FIRST_MSN - 40}`, 0],
    [`_HLS_msn=${FIRST_MSN}&_HLS_part=2`, 2],
  ])('before the first part, %s waits for it', async (query, part) => {
    const asked = origin.ask(media(`?${query}`));
    await origin.untilWaiting('480p', 1);
    origin.feedUntil('480p', FIRST_MSN, part + 1);
    expect(newestPart(await asked)).toBe(`${FIRST_MSN}.${part}`);
  });

  test('of many viewers is answered by a single change', async () => {
    origin.feedUntil('480p', FIRST_MSN, 1);
    const asked = Array.from({ length: 50 }, () => origin.ask(media(`?_HLS_msn=${FIRST_MSN}&_HLS_part=1`)));
    await origin.untilWaiting('480p', 50);
    origin.feedUntil('480p', FIRST_MSN, 2);
    const bodies = (await Promise.all(asked)).map(({ body }) => body.toString());
    expect(new Set(bodies).size).toBe(1);
  });

  test('stops waiting when the viewer leaves', async () => {
    origin.feedUntil('480p', FIRST_MSN, 1);
    const leave = new AbortController();
    const asked = origin.ask(media(`?_HLS_msn=${FIRST_MSN}&_HLS_part=1`), { signal: leave.signal });
    await origin.untilWaiting('480p', 1);
    leave.abort();
    await expect(asked).rejects.toThrow();
    await origin.untilWaiting('480p', 0);
  });

  test('is answered when the stream ends', async () => {
    origin.feedUntil('480p', FIRST_MSN, 1);
    const asked = origin.ask(media(`?_HLS_msn=${FIRST_MSN}&_HLS_part=1`));
    await origin.untilWaiting('480p', 1);
    origin.stream.end();
    const { status, body } = await asked;
    expect(status).toBe(200);
    expect(parseMediaPlaylist(body.toString()).isEnded).toBe(true);
  });

  test('with the ultra profile may be cached for six of its target durations, which are shorter', async () => {
    const ultra = await RunningOrigin.start('ultra');
    ultra.feedUntil('480p', FIRST_MSN, 1);
    const { headers } = await ultra.ask(media(`?_HLS_msn=${FIRST_MSN}&_HLS_part=0`));
    expect(headers['cache-control']).toBe('public, max-age=6');
    await ultra.server.close();
  });

  test('with the standard profile waits for complete segments', async () => {
    const standard = await RunningOrigin.start('standard');
    standard.feedUntil('480p', FIRST_MSN, 1);
    const asked = standard.ask(media(`?_HLS_msn=${FIRST_MSN + 1}`));
    await standard.untilWaiting('480p', 1);
    standard.feedAll();
    expect(standard.waiting('480p')).toBe(1);
    standard.sink.end();
    const { body, headers } = await asked;
    const playlist = parseMediaPlaylist(body.toString());
    expect(playlist.segments.at(-1)?.msn).toBe(FIRST_MSN + 1);
    // Six target durations are 24 s, and the CDN keeps no playlist longer than this.
    expect(headers['cache-control']).toBe('public, max-age=12');
    await standard.server.close();
  });
});

describe('an invalid blocking request', () => {
  test.each([
    ['_HLS_part=0', '_HLS_part needs _HLS_msn'],
    [`_HLS_msn=${FIRST_MSN + 3}`, 'more than 2 past'],
    ['_HLS_msn=999999999999999', 'more than 2 past'],
    [`_HLS_msn=${FIRST_MSN}&_HLS_part=7`, 'more than 6 ahead'],
    [`_HLS_msn=${FIRST_MSN + 1}&_HLS_part=6`, 'more than 6 ahead'],
    ['_HLS_msn=-1', 'no decimal integer'],
    ['_HLS_msn=1e3', 'no decimal integer'],
    ['_HLS_msn=0x10', 'no decimal integer'],
    ['_HLS_msn=01', 'no decimal integer'],
    ['_HLS_msn=', 'no decimal integer'],
    ['_HLS_msn=1.5', 'no decimal integer'],
    [`_HLS_msn=${'9'.repeat(16)}`, 'no decimal integer'],
    [`_HLS_msn=${FIRST_MSN}&_HLS_part=x`, 'no decimal integer'],
    [`_HLS_msn=1&_HLS_msn=1`, 'more than once'],
    [`_HLS_msn=1&_HLS_part=0&_HLS_part=0`, 'more than once'],
    ['_HLS_skip=NO', '_HLS_skip is YES or v2'],
    ['_HLS_skip=YES&_HLS_skip=YES', 'more than once'],
  ])('%s is a 400 without a cache lifetime', async (query, message) => {
    origin.feedUntil('480p', FIRST_MSN, 1);
    const { status, headers, body } = await origin.ask(media(`?${query}`));
    expect(status).toBe(400);
    expect(body.toString()).toContain(message);
    expect(headers['cache-control']).toBeUndefined();
    expect(headers['access-control-allow-origin']).toBe('*');
  });

  test.each([
    [`_HLS_msn=${FIRST_MSN + 2}`, 'more than 2 past'],
    ['_HLS_msn=999999999999999&_HLS_part=0', 'more than 2 past'],
    [`_HLS_msn=${FIRST_MSN}&_HLS_part=6`, 'more than 6 ahead'],
  ])('%s is also a 400 before the first part', async (query, message) => {
    const { status, body } = await origin.ask(media(`?${query}`));
    expect(status).toBe(400);
    expect(body.toString()).toContain(message);
  });

  test('is answered like any other once the stream has ended', async () => {
    origin.feedUntil('480p', FIRST_MSN + 1, 1);
    origin.stream.end();
    const plain = await origin.ask(media());
    for (const query of ['_HLS_part=0', '_HLS_msn=99999', '_HLS_msn=x', '_HLS_skip=YES', `_HLS_msn=${FIRST_MSN}`]) {
      const { status, body } = await origin.ask(media(`?${query}`));
      expect(status).toBe(200);
      expect(body).toEqual(plain.body);
    }
    expect(parseMediaPlaylist(plain.body.toString()).isEnded).toBe(true);
  });
});

test('gives up with a 503 after three target durations', async () => {
  const ultra = await RunningOrigin.start('ultra');
  ultra.feedUntil('480p', FIRST_MSN, 1);
  const answers = await Promise.all([
    ultra.ask(media(`?_HLS_msn=${FIRST_MSN + 1}`)),
    ultra.ask(`480p/${EPOCH}-${FIRST_MSN}.1.m4s`),
  ]);
  for (const { status, headers } of answers) {
    expect(status).toBe(503);
    expect(headers['retry-after']).toBe('1');
    expect(headers['cache-control']).toBeUndefined();
  }
  expect(ultra.waiting('480p')).toBe(0);
  await ultra.server.close();
});

describe('delta updates', () => {
  test.each(['YES', 'v2'])('_HLS_skip=%s skips what a player already has', async (skip) => {
    const ultra = await RunningOrigin.start('ultra');
    const long = await encodeRun({
      seconds: 10,
      video: { frameRate: { numerator: 30, denominator: 1 }, keyframeFrames: 30, bFrames: 0 },
    });
    feed(ultra.stream.beginRun(toMediaRun(long, EPOCH + 1)), interleaved(long));
    const whole = await ultra.ask(media());
    const delta = await ultra.ask(media(`?_HLS_skip=${skip}`));
    expect(parseMediaPlaylist(whole.body.toString()).skippedSegments).toBeNull();
    expect(checkMediaPlaylist(delta.body.toString(), { isDeltaAllowed: true })).toEqual([]);
    expect(parseMediaPlaylist(delta.body.toString()).skippedSegments).toBe(4);
    expect(delta.headers['cache-control']).toBe('public, max-age=1');
    await ultra.server.close();
  });

  test('are full playlists if there is nothing to skip', async () => {
    origin.feedUntil('480p', FIRST_MSN, 3);
    expect((await origin.ask(media('?_HLS_skip=YES'))).body).toEqual((await origin.ask(media())).body);
  });
});

describe('a delta update that waits for no position', () => {
  const DELTA = media('?_HLS_skip=YES');

  test('is answered when the next run has a part, if the last one has ended', async () => {
    origin.feedUntil('480p', FIRST_MSN, 2);
    origin.sink.end();
    const asked = origin.ask(DELTA);
    await origin.untilWaiting('480p', 1);
    const next = await encodeRun();
    const steps = interleaved(next);
    const sink = origin.stream.beginRun(toMediaRun(next, EPOCH + 1));
    const timeline = origin.stream.renditions.get('480p');
    for (const { rendition, chunk } of steps) {
      if (timeline?.newest()?.epoch !== EPOCH) break;
      expect(origin.waiting('480p')).toBe(1);
      sink.write(rendition, chunk);
    }
    expect(newestPart(await asked)).toBe(`${FIRST_MSN + 1}.0`);
    expect((await origin.ask(DELTA)).status).toBe(200);
  });

  test('is answered at once while a run goes on, and by a full playlist at any time', async () => {
    origin.feedUntil('480p', FIRST_MSN, 2);
    expect(newestPart(await origin.ask(DELTA))).toBe(`${FIRST_MSN}.1`);
    origin.sink.end();
    expect(newestPart(await origin.ask(media()))).toBe(`${FIRST_MSN}.1`);
  });

  test('is answered when the run has another part, if it was silent', async () => {
    origin.feedUntil('480p', FIRST_MSN, 2);
    const timeline = origin.stream.renditions.get('480p');
    await waitFor('silence', () => timeline?.isInterrupted(2 * origin.stream.partTargetSeconds * 1000) === true);
    const asked = origin.ask(DELTA);
    await origin.untilWaiting('480p', 1);
    origin.feedUntil('480p', FIRST_MSN, 3);
    expect(newestPart(await asked)).toBe(`${FIRST_MSN}.2`);
  });

  test('is answered when the stream ends', async () => {
    origin.feedUntil('480p', FIRST_MSN, 2);
    origin.sink.end();
    const asked = origin.ask(DELTA);
    await origin.untilWaiting('480p', 1);
    origin.stream.end();
    expect(parseMediaPlaylist((await asked).body.toString()).isEnded).toBe(true);
  });

  test('is answered with what there is if nothing comes', async () => {
    const ultra = await RunningOrigin.start('ultra');
    ultra.feedUntil('480p', FIRST_MSN, 2);
    ultra.sink.end();
    expect(newestPart(await ultra.ask(DELTA))).toBe(`${FIRST_MSN}.1`);
    expect(ultra.waiting('480p')).toBe(0);
    await ultra.server.close();
  });
});

describe('the hinted part', () => {
  const PART = `480p/${EPOCH}-${FIRST_MSN}.1.m4s`;

  test('is answered as soon as it is complete', async () => {
    origin.feedUntil('480p', FIRST_MSN, 1);
    const asked = origin.ask(PART);
    await origin.untilWaiting('480p', 1);
    origin.feedUntil('480p', FIRST_MSN, 2);
    const { status, headers, body } = await asked;
    const data = origin.stream.renditions.get('480p')?.segment(EPOCH, FIRST_MSN)?.parts[1]?.data;
    expect(status).toBe(200);
    expect(body).toEqual(data);
    expect(headers['content-length']).toBe(String(data?.length));
  });

  test('may belong to the next segment', async () => {
    origin.feedUntil('480p', FIRST_MSN, 4);
    const asked = origin.ask(`480p/${EPOCH}-${FIRST_MSN + 1}.0.m4s`);
    await origin.untilWaiting('480p', 1);
    origin.feedUntil('480p', FIRST_MSN + 1, 1);
    expect((await asked).status).toBe(200);
  });

  test('is a 404 as soon as its run has died', async () => {
    origin.feedUntil('480p', FIRST_MSN, 4);
    const asked = origin.ask(`480p/${EPOCH}-${FIRST_MSN + 1}.0.m4s`);
    await origin.untilWaiting('480p', 1);
    origin.sink.end();
    const { status, headers } = await asked;
    expect(status).toBe(404);
    expect(headers['cache-control']).toBe(NOT_FOUND_CACHE_CONTROL);
  });

  test('is the only one that is waited for', async () => {
    origin.feedUntil('480p', FIRST_MSN, 1);
    for (const name of [`${EPOCH}-${FIRST_MSN}.2`, `${EPOCH}-${FIRST_MSN + 1}.0`, `${EPOCH + 1}-${FIRST_MSN}.1`]) {
      expect((await origin.ask(`480p/${name}.m4s`)).status).toBe(404);
    }
  });
});

test('playlists are a 404 until there is something to play, and the multivariant one until all players can begin', async () => {
  expect((await origin.ask('master.m3u8')).status).toBe(404);
  expect((await origin.ask(media())).status).toBe(404);
  for (const rendition of ['audio', '480p', '360p']) origin.feedUntil(rendition, FIRST_MSN, 1);
  expect((await origin.ask('master.m3u8')).status).toBe(404);
  expect((await origin.ask(media())).status).toBe(200);
  for (const rendition of ['audio', '480p', '360p']) origin.feedUntil(rendition, FIRST_MSN + 1, 1);
  expect((await origin.ask('master.m3u8')).status).toBe(200);
  expect((await origin.ask(media())).status).toBe(200);
});

test('HEAD waits like GET', async () => {
  origin.feedUntil('480p', FIRST_MSN, 1);
  const asked = origin.ask(media(`?_HLS_msn=${FIRST_MSN}&_HLS_part=1`), { method: 'HEAD' });
  await origin.untilWaiting('480p', 1);
  origin.feedUntil('480p', FIRST_MSN, 2);
  expect((await asked).status).toBe(200);
});
