import { randomBytes } from 'node:crypto';
import { generateId } from '#domain/stream-ids.ts';
import { type BreakableProxy, startBreakableProxy } from '#kit/breakable-proxy.ts';
import { makeClip } from '#kit/clip.ts';
import { findTaskProcesses } from '#kit/encoder-processes.ts';
import { PlaylistPoller } from '#kit/playlist-poller.ts';
import { startPublisher, type TestPublisher } from '#kit/publisher.ts';
import { StreamWitness } from '#kit/stream-witness.ts';
import { SHARED_SECRET, startTemporaryDynamoDb } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { createLiveStore, LEASE_DURATION_MS, type LiveStore } from '#runtime/live-store.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import { LOCAL_TABLE_NAMES } from '#scripts/local/local-tables.ts';
import { SMALL_CLIP } from '#test/support/broadcast.ts';
import { everyTaskSays, fetchText, holders, liveUrls, STREAM_FILES } from '#test/support/cluster.ts';
import { type EventReader, followEvents } from '#test/support/event-reader.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';

/** Two leases and more. */
const PARTITION_MS = 20_000;
/** When the publisher goes to another task. Its former task holds no lease by then. */
const MOVE_AFTER_MS = 10_000;
/** Shorter than a partition: other tasks would end a stream that they took for a lost task's. */
const RECONNECT_WINDOW_SECONDS = '12';
/** Of each task about one stream, in a partition. There are some 400 if the machine has time. */
const ANSWERS = 160;
const NEWER_SEGMENTS = 3;
/** Places of the tasks: the one that a proxy cuts off from the database, and the others. */
const [CUT_OFF, WELL, OTHER] = [0, 1, 2] as const;

/** A stream with its viewers, who ask every task. */
interface PartitionedStream {
  readonly stream: TestStream;
  readonly urls: readonly string[];
  readonly witness: StreamWitness;
  readonly poller: PlaylistPoller;
}

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let proxy: BreakableProxy;
let platform: TestPlatform;
let events: EventReader;
/** Reaches the database without the proxy. */
let liveStore: LiveStore;
/** Is published at the task that is cut off. */
let own: PartitionedStream;
/** Is published at another task. */
let foreign: PartitionedStream;
/** What the task has said to the database. */
let said: string[] = [];
const publishers: TestPublisher[] = [];

beforeAll(async () => {
  database = await startTemporaryDynamoDb(LOCAL_TABLE_NAMES);
  proxy = await startBreakableProxy(database.url, { onPassed: (bytes) => said.push(bytes.toString()) });
  liveStore = createLiveStore({ client: database.client, tables: LOCAL_TABLE_NAMES });
  const environment = {
    ...{ ...SHARED_SECRET, RECONNECT_WINDOW_SECONDS, LOCAL_DYNAMODB_URL: database.url },
    [`LOCAL_DYNAMODB_URL_${CUT_OFF + 1}`]: proxy.url,
  };
  platform = await startTestPlatform({ tasks: 3, environment });
  events = await followEvents(`${platform.apiUrl}/events`, platform.adminToken);
  [own, foreign] = await Promise.all([watch(CUT_OFF), watch(WELL)]);
});
afterAll(async () => {
  own.poller.stop();
  foreign.poller.stop();
  events.close();
  await Promise.all(publishers.map((publisher) => publisher.kill()));
  await closeTestPlatforms().finally(async () => {
    await proxy.close();
    await database.close();
  });
});

async function publishOn(place: number, { streamKey }: TestStream): Promise<TestPublisher> {
  const rtmpUrl = `${platform.tasks[place]?.rtmpUrl}/${streamKey}`;
  const publisher = await startPublisher({ clipPath: await makeClip(SMALL_CLIP), rtmpUrl });
  publishers.push(publisher);
  return publisher;
}

/** Publishes a stream at a task, and asks all tasks for everything but media from then on. */
async function watch(place: number): Promise<PartitionedStream> {
  const stream = await platform.createStream({ ladder: '360p' });
  const urls = liveUrls(platform, stream);
  await publishOn(place, stream);
  await everyTaskSays(platform, stream, 'live');
  const witness = new StreamWitness();
  return { stream, urls, witness, poller: new PlaylistPoller({ liveUrls: urls, files: STREAM_FILES, witness }) };
}

/** Folders of a stream's playlists at those tasks. */
const urlsAt = ({ urls }: PartitionedStream, ...places: readonly number[]): string[] =>
  places.map((place) => urls[1 + place] ?? '');

/** Remembers how far playlists are. The function waits until all have gone on. */
async function rememberEnds(urls: readonly string[]): Promise<() => Promise<void>> {
  const ends = await Promise.all(urls.map(lastSegment));
  return async () => {
    for (const [index, url] of urls.entries()) {
      const end = (ends[index] ?? 0) + NEWER_SEGMENTS;
      await waitFor(`segment ${end} at ${url}`, async () => (await lastSegment(url)) >= end);
    }
  };
}

/** Its media sequence number; 0 if there is none. */
async function lastSegment(url: string): Promise<number> {
  const playlist = await fetchText(`${url}/360p/media.m3u8`);
  return playlist === null ? 0 : (parseMediaPlaylist(playlist).segments.at(-1)?.msn ?? 0);
}

/** The function waits until so much time has gone by, and each of the addresses has answered all the time. */
function startPartition(addresses: readonly (readonly [PartitionedStream, string])[]) {
  const startedAtMs = Date.now();
  const before = addresses.map(([{ poller }, url]) => poller.answersFrom(url));
  return {
    lasts: (lengthMs: number) =>
      waitFor('its time', () => Date.now() - startedAtMs >= lengthMs, { timeoutMs: 2 * PARTITION_MS }),
    isAnswered: () =>
      waitFor('answers', () =>
        addresses.every(([{ poller }, url], index) => poller.answersFrom(url) >= (before[index] ?? 0) + ANSWERS),
      ),
  };
}

const taskIdAt = async (place: number): Promise<string | undefined> =>
  (await findTaskProcesses(platform.pid)).find(({ index }) => index === place)?.taskId;

/** Who holds a stream, and under which epoch. */
async function holdOf({ stream }: PartitionedStream) {
  const held = await liveStore.getHeld(stream.id);
  return { taskId: held?.holder.taskId, epoch: held?.epoch };
}

/** Waits until a holder has told the database so since now. */
async function isRenewed({ stream }: PartitionedStream): Promise<void> {
  const fromMs = Date.now() + LEASE_DURATION_MS;
  await waitFor('a renewed lease', async () => ((await liveStore.getHeld(stream.id))?.leaseUntilMs ?? 0) > fromMs);
}

/** What the task has written about a stream. */
const writesAbout = ({ stream }: PartitionedStream): string[] =>
  said.filter((text) => text.includes('"UpdateExpression"') && text.includes(stream.id));

/** Without restarts of FFmpeg, which a busy machine causes. */
const eventsOf = ({ stream }: PartitionedStream): string[] =>
  events.events.filter((it) => it.streamId === stream.id && it.type.startsWith('stream.')).map(({ type }) => type);

/** Whatever viewers got, from whichever task, was one live presentation. */
function expectOnePresentation(watched: PartitionedStream): void {
  expect(watched.witness.contradictions()).toEqual([]);
  expect(watched.witness.statuses()).toEqual(['live']);
  expect(watched.witness.hasEndList).toBe(false);
  expect(eventsOf(watched)).toEqual(['stream.live']);
}

test('a task that the database does not answer goes on with its stream, and asks the last holders that it knew', async () => {
  const hold = await holdOf(own);
  expect(hold.taskId).toBe(await taskIdAt(CUT_OFF));
  const urls = [own, foreign].flatMap((watched) => watched.urls);
  const goOn = await rememberEnds(urls);
  proxy.blackHole();
  // Not a 404: players give up after that.
  const unknown = `${platform.tasks[CUT_OFF]?.httpUrl}/live/${generateId(randomBytes)}`;
  expect((await fetch(`${unknown}/status.json`)).status).toBe(503);
  const partition = startPartition([own, foreign].flatMap((it) => it.urls.map((url) => [it, url] as const)));
  await partition.lasts(PARTITION_MS);
  await partition.isAnswered();
  await goOn();
  expect((await liveStore.getHeld(own.stream.id))?.leaseUntilMs).toBeLessThan(Date.now());
  expect(await holdOf(own)).toEqual(hold);

  const goesOn = await rememberEnds(urls);
  await proxy.mend();
  await isRenewed(own);
  await goesOn();
  expect(await holdOf(own)).toEqual(hold);
  for (const watched of [own, foreign]) {
    expect(watched.witness.failures()).toEqual([]);
    expectOnePresentation(watched);
  }
});

test('a task that can not reach the database is replaced by the one that its publisher goes to, for good', async () => {
  const hold = await holdOf(own);
  said = [];
  await isRenewed(own);
  expect(writesAbout(own)).not.toEqual([]);
  const elsewhere = urlsAt(own, WELL, OTHER);
  await proxy.refuse();
  const partition = startPartition([
    ...elsewhere.map((url) => [own, url] as const),
    ...foreign.urls.map((url) => [foreign, url] as const),
  ]);
  await partition.lasts(MOVE_AFTER_MS);
  expect(await holdOf(own)).toEqual(hold);
  const goOn = await rememberEnds([...elsewhere, ...foreign.urls]);
  const [former] = publishers;
  const next = await publishOn(OTHER, own.stream);
  let hasLeft = false;
  void former?.exited.then(() => {
    hasLeft = true;
  });
  await waitFor('the former publisher to leave', () => hasLeft);
  await partition.lasts(PARTITION_MS);
  await partition.isAnswered();
  await goOn();
  const nextHold = await holdOf(own);
  expect(nextHold.taskId).toBe(await taskIdAt(OTHER));
  expect(nextHold.epoch).toBeGreaterThan(hold.epoch ?? Number.POSITIVE_INFINITY);

  said = [];
  await proxy.mend();
  const [formerUrl = ''] = urlsAt(own, CUT_OFF);
  const goesOn = await rememberEnds([...own.urls, ...foreign.urls]);
  await goesOn();
  const before = own.poller.answersFrom(formerUrl);
  await waitFor('answers of the former holder', () => own.poller.answersFrom(formerUrl) >= before + ANSWERS / 4);
  await waitFor('one holder', async () => (await holders(platform, own.stream)).join() === nextHold.taskId);
  await isRenewed(own);
  expect(await holdOf(own)).toEqual(nextHold);
  expect(said).not.toEqual([]);
  expect(writesAbout(own)).toEqual([]);
  expect(elsewhere.map((url) => own.poller.refusalsFrom(url))).toEqual([0, 0]);
  expect(foreign.witness.failures()).toEqual([]);
  expectOnePresentation(own);
  expectOnePresentation(foreign);
  await next.kill();
});
