import { makeClip } from '#kit/clip.ts';
import { startPublisher, type TestPublisher } from '#kit/publisher.ts';
import { RtmpClient } from '#kit/rtmp-client.ts';
import { startTemporaryDynamoDb } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { createLiveStore, LEASE_DURATION_MS, type LiveStore } from '#runtime/live-store.ts';
import { LOCAL_TABLE_NAMES } from '#scripts/local/local-tables.ts';
import { type BreakableProxy, startBreakableProxy } from '#test/support/breakable-proxy.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';
import { SegmentCollector } from '#test/support/segment-collector.ts';

const CLIP_SECONDS = 24;
const FRAME_RATE = 30;
/** The smallest in which the counter can be read: other machines' load must not be what replaces an FFmpeg. */
const CLIP = { width: 320, height: 180, seconds: CLIP_SECONDS, videoKbps: 500 };
/** As the requirement has it, and three times the lease. The other outages last as long as it takes to see what they do. */
const LONG_OUTAGE_MS = 30_000;
/** While the database is slow, each may have either answer. */
const SLOW_ATTEMPTS = 3;
const SEGMENT_SECONDS = 2;

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let proxy: BreakableProxy;
let platform: TestPlatform;
/** Past the proxy. */
let liveStore: LiveStore;
let clipPath: string;
let publisher: TestPublisher;
let collector: SegmentCollector;
let live: TestStream;
/** Published to while the database is away. */
let other: TestStream;

beforeAll(async () => {
  clipPath = await makeClip(CLIP);
  database = await startTemporaryDynamoDb(LOCAL_TABLE_NAMES);
  proxy = await startBreakableProxy(database.url);
  liveStore = createLiveStore({ client: database.client, tables: LOCAL_TABLE_NAMES });
  platform = await startTestPlatform({ environment: { LOCAL_DYNAMODB_URL: proxy.url } });
  live = await platform.createStream({ ladder: '360p' });
  other = await platform.createStream({ ladder: '360p' });
  publisher = await startPublisher({ clipPath, rtmpUrl: live.publishUrl });
  await playable(live);
  collector = new SegmentCollector(`${live.liveUrl}/360p`);
});
afterAll(async () => {
  await proxy.mend();
  await publisher.kill();
  await closeTestPlatforms().finally(async () => {
    await proxy.close();
    await database.close();
  });
});

const playable = ({ liveUrl }: TestStream): Promise<true> =>
  waitFor('a playlist', async () => (await fetch(`${liveUrl}/360p/media.m3u8`)).ok);

const callApi = (path: string): Promise<Response> =>
  fetch(`${platform.apiUrl}${path}`, { headers: { authorization: `Bearer ${platform.adminToken}` } });

/** Publishes to the other stream; resolves to the code of the answer, which has to come. */
async function publishCode(): Promise<unknown> {
  const client = await RtmpClient.open(Number(new URL(platform.rtmpUrl).port));
  const [, , , status] = await client.publish(other.streamKey);
  client.destroy();
  await client.closed;
  return typeof status === 'object' ? status?.code : status;
}

async function refusesInWords(): Promise<void> {
  expect(await publishCode()).toBe('NetStream.Publish.Rejected');
  const { code, stderrTail } = await (await startPublisher({ clipPath, rtmpUrl: other.publishUrl })).exited;
  expect(code).not.toBe(0);
  expect(stderrTail).toMatch(/could not be checked; try again/);
}

const isUnavailable = async (path: string): Promise<void> => expectUnavailable(await callApi(path));

async function expectUnavailable(answer: Response): Promise<void> {
  expect(answer.status).toBe(503);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await answer.json()).toMatchObject({ status: 503, title: 'Service Unavailable' });
}

async function goesOn(): Promise<void> {
  const { count } = collector;
  await waitFor('another segment of the live stream', async () => collector.count > count);
}

/** Nobody helps: publishes work, the API too, and the live stream's record is fresh. */
async function recovers(): Promise<void> {
  await proxy.mend();
  const mendedAtMs = Date.now();
  const fresh = await platform.createStream({ ladder: '360p' });
  const next = await startPublisher({ clipPath, rtmpUrl: fresh.publishUrl });
  await playable(fresh);
  await next.kill();
  await waitFor(
    'the renewal of the live record',
    async () => ((await liveStore.get(live.id))?.leaseUntilMs ?? 0) > mendedAtMs + LEASE_DURATION_MS,
  );
  const answer = await callApi(`/streams/${live.id}`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ id: live.id, status: 'live' });
}

test.each([
  ['stopped for 30 s', () => proxy.refuse(), LONG_OUTAGE_MS],
  ['throttling', async () => proxy.throttle(), 0],
  ['hanging', async () => proxy.hang(), 0],
])(
  'with the database %s new publishes are rejected, the API says so, and all recovers',
  async (_, breakIt, lastsMs) => {
    const brokenAtMs = Date.now();
    await breakIt();
    await Promise.all([refusesInWords(), isUnavailable('/streams'), isUnavailable(`/streams/${live.id}`), goesOn()]);
    if (lastsMs > 0) {
      await waitFor('the end of the outage', async () => Date.now() - brokenAtMs >= lastsMs, {
        timeoutMs: 2 * lastsMs,
      });
      expect((await liveStore.get(live.id))?.leaseUntilMs).toBeLessThan(Date.now());
      // As much is refused at the end of the outage as at its start.
      await Promise.all([refusesInWords(), isUnavailable('/streams')]);
    }
    await recovers();
  },
);

test('with a slow database publishes are taken or rejected, never left without an answer, and all recovers', async () => {
  proxy.slow();
  for (let attempt = 0; attempt < SLOW_ATTEMPTS; attempt++) {
    expect(await publishCode()).toMatch(/^NetStream\.Publish\.(Start|Rejected)$/);
    const answer = await callApi(`/streams/${live.id}`);
    if (answer.status === 200) expect(await answer.json()).toMatchObject({ id: live.id });
    else await expectUnavailable(answer);
  }
  await goesOn();
  await recovers();
});

test('the live stream lost no frame over all of that', async () => {
  const log = await platform.log();
  expect(log).toContain('live store not reached; the stream goes on');
  expect(log).toContain('live store reached again');
  expect(log).not.toMatch(/FFmpeg failed|replacing FFmpeg/);
  const { msns, frameNumbers } = await collector.stop();
  const first = frameNumbers[0] ?? 0;
  expect(msns).toEqual(msns.map((_, index) => (msns[0] ?? 0) + index));
  expect(frameNumbers).toEqual(frameNumbers.map((_, index) => (first + index) % (CLIP_SECONDS * FRAME_RATE)));
  expect(frameNumbers.length).toBeGreaterThan((LONG_OUTAGE_MS / 1000 - SEGMENT_SECONDS) * FRAME_RATE);
});
