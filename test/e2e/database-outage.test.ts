import { type BreakableProxy, startBreakableProxy } from '#kit/breakable-proxy.ts';
import type { TestPublisher } from '#kit/publisher.ts';
import { RtmpClient } from '#kit/rtmp-client.ts';
import { SHARED_SECRET, startTemporaryDynamoDb } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { createLiveStore, LEASE_DURATION_MS, type LiveStore } from '#runtime/live-store.ts';
import { LOCAL_TABLE_NAMES } from '#scripts/local/local-tables.ts';
import { publish, SMALL_CLIP, waitUntilPlayable } from '#test/support/broadcast.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';
import { expectNoLoss, SegmentCollector } from '#test/support/segment-collector.ts';

/** Long, so that frame numbers repeat late. */
const CLIP = { ...SMALL_CLIP, seconds: 24 };
const FRAME_RATE = 30;
/** Two leases and more. The other outages last only until their effects were seen. */
const LONG_OUTAGE_MS = 20_000;
/** While the database is slow, a publish may be accepted or rejected. */
const SLOW_ATTEMPTS = 3;
const SEGMENT_SECONDS = 2;

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let proxy: BreakableProxy;
let platform: TestPlatform;
/** Reaches the database without the proxy. */
let liveStore: LiveStore;
let publisher: TestPublisher;
let collector: SegmentCollector;
/** Is live from beginning to end. */
let live: TestStream;
/** Publishers try it while the database is away. */
let other: TestStream;

beforeAll(async () => {
  database = await startTemporaryDynamoDb(LOCAL_TABLE_NAMES);
  proxy = await startBreakableProxy(database.url);
  liveStore = createLiveStore({ client: database.client, tables: LOCAL_TABLE_NAMES });
  platform = await startTestPlatform({ environment: { ...SHARED_SECRET, LOCAL_DYNAMODB_URL: proxy.url } });
  live = await platform.createStream({ ladder: '360p' });
  other = await platform.createStream({ ladder: '360p' });
  publisher = await publish(live.publishUrl, CLIP);
  await waitUntilPlayable(live);
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

/** Publishes to the other stream. Resolves to the code of the answer. */
async function publishCode(): Promise<unknown> {
  const client = await RtmpClient.open(platform.rtmpPort);
  const [, , , status] = await client.publish(other.streamKey);
  client.destroy();
  await client.closed;
  return typeof status === 'object' ? status?.code : status;
}

async function expectPublishRejected(): Promise<void> {
  expect(await publishCode()).toBe('NetStream.Publish.Rejected');
  const { code, stderrTail } = await (await publish(other.publishUrl)).exited;
  expect(code).not.toBe(0);
  expect(stderrTail).toMatch(/could not be checked; try again/);
}

async function expectApiUnavailable(path: string): Promise<void> {
  await expectUnavailable(await platform.callApi('GET', path));
}

async function expectUnavailable(answer: Response): Promise<void> {
  expect(answer.status).toBe(503);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await answer.json()).toMatchObject({ status: 503, title: 'Service Unavailable' });
}

async function expectLiveStreamGoesOn(): Promise<void> {
  const { count } = collector;
  await waitFor('another segment of the live stream', () => collector.count > count);
}

/** Mends the database, and expects everything to work again without help: publishes, the API, the live stream's lease. */
async function expectRecovery(): Promise<void> {
  await proxy.mend();
  const mendedAtMs = Date.now();
  const fresh = await platform.createStream({ ladder: '360p' });
  const next = await publish(fresh.publishUrl);
  await waitUntilPlayable(fresh);
  await next.kill();
  await waitFor(
    "the renewal of the live stream's lease",
    async () => ((await liveStore.get(live.id))?.leaseUntilMs ?? 0) > mendedAtMs + LEASE_DURATION_MS,
  );
  const answer = await platform.callApi('GET', `/streams/${live.id}`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ id: live.id, status: 'live' });
}

test.each([
  ['stopped for 20 s', () => proxy.refuse(), LONG_OUTAGE_MS],
  ['throttling', async () => proxy.throttle(), 0],
  ['hanging', async () => proxy.blackHole(), 0],
])(
  'while the database is %s, publishes are rejected and the API answers 503; then everything recovers',
  async (_, breakIt, lastsMs) => {
    const brokenAtMs = Date.now();
    await breakIt();
    await Promise.all([
      expectPublishRejected(),
      expectApiUnavailable('/streams'),
      expectApiUnavailable(`/streams/${live.id}`),
      expectLiveStreamGoesOn(),
    ]);
    if (lastsMs > 0) {
      await waitFor('the end of the outage', () => Date.now() - brokenAtMs >= lastsMs, { timeoutMs: 2 * lastsMs });
      expect((await liveStore.get(live.id))?.leaseUntilMs).toBeLessThan(Date.now());
      await Promise.all([expectPublishRejected(), expectApiUnavailable('/streams')]);
    }
    await expectRecovery();
  },
);

test('while the database is slow, every publish and API call gets an answer; then everything recovers', async () => {
  proxy.slow();
  for (let attempt = 0; attempt < SLOW_ATTEMPTS; attempt++) {
    expect(await publishCode()).toMatch(/^NetStream\.Publish\.(Start|Rejected)$/);
    const answer = await platform.callApi('GET', `/streams/${live.id}`);
    if (answer.status === 200) expect(await answer.json()).toMatchObject({ id: live.id });
    else await expectUnavailable(answer);
  }
  await expectLiveStreamGoesOn();
  await expectRecovery();
});

test('the live stream lost no frame in all of that', async () => {
  const log = await platform.log();
  expect(log).toContain('live store not reached; the stream goes on');
  expect(log).toContain('live store reached again');
  expect(log).not.toMatch(/FFmpeg failed|replacing FFmpeg/);
  const { frameNumbers } = await expectNoLoss(collector, CLIP.seconds);
  expect(frameNumbers.length).toBeGreaterThan((LONG_OUTAGE_MS / 1000 - SEGMENT_SECONDS) * FRAME_RATE);
});
