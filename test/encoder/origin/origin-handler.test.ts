import { timeFilePath } from '#domain/hls-files.ts';
import type { PlaybackStatusBody } from '#domain/playback-status.ts';
import { OriginHandler, type OriginRequest, type OriginStream } from '#encoder/origin/origin-handler.ts';
import type { StreamTarget } from '#encoder/origin/request-target.ts';
import { withVersion } from '#encoder/origin/status-version.ts';
import { StatusWaits } from '#encoder/origin/status-waits.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { PastHealth } from '#encoder/streams/past-health.ts';
import { unknownStream } from './unknown-stream.ts';

const PLAYBACK_ID = 'abcdefghij234567';
const TARGET_DURATION_MS = new StreamPackage({ latency: 'low', firstMsn: 0 }).targetDurationSeconds * 1000;

/** Asks for a file of a live stream that has nothing to play yet. `elsewhere` has the kinds of files that other tasks got. */
async function ask(file: string, settings: Partial<OriginStream> | null, waits = new StatusWaits()) {
  const elsewhere: StreamTarget['kind'][] = [];
  const stream: OriginStream = {
    currentPackage: new StreamPackage({ latency: 'low', firstMsn: 0 }),
    formerPackages: [],
    statusBody: { status: 'live' },
    healthReport: nothingReported,
    poster: async () => 'no-picture',
    mayAnswer: async () => true,
    isGone: false,
    arrives: async () => true,
  };
  Object.defineProperties(stream, Object.getOwnPropertyDescriptors(settings ?? {}));
  const handler = new OriginHandler({
    findStream: async () => (settings === null ? undefined : stream),
    now: Date.now,
    statusWaits: waits,
  });
  const { signal } = new AbortController();
  const request: OriginRequest = { method: 'GET', url: file, headers: {}, acceptsGzip: false, signal };
  const answer = await handler.handle(request, async (target) => {
    elsewhere.push(target.kind);
    return unknownStream(target);
  });
  const body = 'body' in answer ? Buffer.concat(answer.body).toString() : '';
  return { status: answer.status, body, elsewhere };
}

const nothingReported = () => new PastHealth().report({ health: null, liveSinceMs: null, nowMs: 0 });
const urlOf = (file: string): string => `/live/${PLAYBACK_ID}/${file}`;

test('the status is that of the stream, even if nothing of it is here yet', async () => {
  const { status, body, elsewhere } = await ask(urlOf('status.json'), {});
  expect([status, JSON.parse(body), elsewhere]).toEqual([200, withVersion({ status: 'live' }, null), []]);
});

test.each(['status.json', 'master.m3u8', '480p/media.m3u8', '480p/7-100.m4s'])(
  'of a stream that is not here, %s is answered elsewhere',
  async (file) => {
    expect((await ask(urlOf(file), null)).elsewhere).toHaveLength(1);
  },
);

test.each(['status.json', 'master.m3u8', '480p/media.m3u8', '480p/7-100.m4s'])(
  'of a stream that another task took meanwhile, %s is answered elsewhere',
  async (file) => {
    const { body, elsewhere } = await ask(urlOf(file), { mayAnswer: async () => false });
    expect(elsewhere).toHaveLength(1);
    expect(body).not.toContain('live');
  },
);

test.each([
  ['time.txt', 0],
  ['ahead-4300/time.txt', 4300],
  ['behind-4300/time.txt', -4300],
])('%s is the time of a clock that is ahead by %d ms, on any task', async (file, aheadMs) => {
  expect(file).toBe(timeFilePath(aheadMs));
  const fromMs = Date.now();
  const { status, body, elsewhere } = await ask(urlOf(file), null);
  const dateMs = Date.parse(body) - aheadMs;
  expect([status, elsewhere]).toEqual([200, []]);
  expect(dateMs).toBeGreaterThanOrEqual(fromMs);
  expect(dateMs).toBeLessThanOrEqual(Date.now());
});

test.each([
  'ahead-0/time.txt',
  'ahead--1/time.txt',
  'ahead-1.5/time.txt',
  'ahead-1000000000000/time.txt',
  '1/time.txt',
])('%s is no clock', async (file) => {
  expect((await ask(urlOf(file), null)).status).toBe(404);
});

test.each(['/health', '/', '/live/unknown'])('%s is never answered elsewhere', async (url) => {
  expect((await ask(url, null)).elsewhere).toEqual([]);
});

test.each(['master.m3u8', '480p/media.m3u8'])('%s of a stream of which nothing arrives is a 503', async (file) => {
  const limitsMs: number[] = [];
  const arrives: OriginStream['arrives'] = async (timeoutMs) => {
    limitsMs.push(timeoutMs);
    return false;
  };
  const { status, elsewhere } = await ask(urlOf(file), { arrives });
  expect([status, elsewhere, limitsMs]).toEqual([503, [], [3 * TARGET_DURATION_MS]]);
});

describe('a request for the status that has the version of another one', () => {
  const LIVE = withVersion({ status: 'live' }, null);
  const askAfter = ({ version }: { readonly version: string }) => urlOf(`status.json?after=${version}`);

  test('is answered when the status has changed', async () => {
    let looks = 0;
    const { body } = await ask(askAfter(LIVE), {
      get statusBody(): PlaybackStatusBody {
        looks += 1;
        return { status: looks < 3 ? 'live' : 'ended' };
      },
    });
    expect(JSON.parse(body)).toEqual(withVersion({ status: 'ended' }, null));
  });

  test('is answered at once if it is of no status that the stream has now', async () => {
    for (const version of ['', 'x', `${LIVE.version}x`.slice(1), withVersion({ status: 'idle' }, null).version])
      expect(JSON.parse((await ask(askAfter({ version }), {})).body)).toEqual(LIVE);
  });

  test('is answered at once if its query is anything but a version', async () => {
    const { version } = LIVE;
    for (const query of [
      `${version}0`,
      `${version.slice(0, -1)}x`,
      `${version}&x=1`,
      `${version}&after=${version}`,
      '',
    ])
      expect(JSON.parse((await ask(urlOf(`status.json?after=${query}`), {})).body)).toEqual(LIVE);
    expect(JSON.parse((await ask(urlOf(`status.json?x=1&after=${version}`), {})).body)).toEqual(LIVE);
  });

  test('is looked at together with all others of its stream', async () => {
    let reads = 0;
    const held: OriginStream = {
      currentPackage: new StreamPackage({ latency: 'low', firstMsn: 0 }),
      formerPackages: [],
      get statusBody(): PlaybackStatusBody {
        reads += 1;
        return { status: 'live' };
      },
      healthReport: nothingReported,
      poster: async () => 'no-picture',
      mayAnswer: async () => true,
      isGone: false,
      arrives: async () => true,
    };
    const room = new StatusWaits();
    const handler = new OriginHandler({ findStream: async () => held, now: Date.now, statusWaits: room });
    const { signal } = new AbortController();
    const request: OriginRequest = { method: 'GET', url: askAfter(LIVE), headers: {}, acceptsGzip: false, signal };
    const answers = Array.from({ length: 100 }, () => handler.handle(request, async () => 'elsewhere'));
    await new Promise((resolve) => setTimeout(resolve, 0));
    reads = 0;
    room.close();
    expect(reads).toBe(1);
    await Promise.all(answers);
  });

  test('is answered after a while with the same status, under another version, so that no cache has the next answer', async () => {
    const { body } = await ask(askAfter(LIVE), {}, new StatusWaits({ limitMs: 1 }));
    expect(JSON.parse(body)).toEqual({ status: 'live', version: LIVE.version.replace(/0$/, '1') });
  });

  test('is answered elsewhere when the stream has gone', async () => {
    let looks = 0;
    const { elsewhere } = await ask(askAfter(LIVE), {
      get isGone() {
        looks += 1;
        return looks > 2;
      },
      mayAnswer: async () => looks < 2,
    });
    expect(elsewhere).toEqual(['status']);
  });

  test('is answered at once when the task goes away', async () => {
    const waits = new StatusWaits();
    const answer = ask(askAfter(LIVE), {}, waits);
    waits.close();
    expect(JSON.parse((await answer).body)).toMatchObject({ status: 'live' });
  });
});

describe('health.json', () => {
  test('is what the stream reports', async () => {
    const report = { ...nothingReported(), startedAt: '2026-01-02T03:04:05.000Z' };
    const { status, body, elsewhere } = await ask(urlOf('health.json'), { healthReport: () => report });
    expect([status, JSON.parse(body), elsewhere]).toEqual([200, report, []]);
  });

  test('of a stream that another task holds is asked of that one', async () => {
    expect(await ask(urlOf('health.json'), null)).toMatchObject({ status: 404, elsewhere: ['stream-health'] });
  });
});

describe('poster.jpg', () => {
  test.each([
    [Buffer.from('jpeg'), 200, 'jpeg'],
    ['no-picture', 404, 'not found\n'],
    ['not-now', 503, 'the picture can not be made now\n'],
  ] as const)('%s is a %i', async (poster, status, body) => {
    const answer = await ask(urlOf('poster.jpg'), { poster: async () => poster });
    expect(answer).toEqual({ status, body, elsewhere: [] });
  });

  test('of a stream that another task holds is asked of that one', async () => {
    expect(await ask(urlOf('poster.jpg'), null)).toMatchObject({ status: 404, elsewhere: ['poster'] });
  });
});
