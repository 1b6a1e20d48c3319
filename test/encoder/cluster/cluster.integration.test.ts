import type { EventBody } from '#domain/events.ts';
import type { HealthReport } from '#domain/health-report.ts';
import type { AuthorisedStream } from '#domain/ingest-auth.ts';
import type { VersionedStatus } from '#domain/playback-status.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { createLiveStore } from '#runtime/live-store.ts';
import { useLocalAws } from '#scripts/local/aws-environment.ts';
import { leaveAll, publish } from '../streams/test-publish.ts';
import { makeSourceTags } from '../transcode/source-clip.ts';
import { newStream, RunningTask, type RunningTaskOptions } from './running-task.ts';

const VIDEO = { width: 320, height: 180, frameRate: '25' } as const;
const STEREO = { sampleRateHz: 48_000, channels: 2 } as const;

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let clip: readonly FlvTag[];
const tasks: RunningTask[] = [];
const events: (EventBody & { readonly taskId: string })[] = [];

beforeAll(async () => {
  clip = await makeSourceTags({ seconds: 60, video: VIDEO, audio: STEREO });
});
beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  useLocalAws(process.env, { dynamoDbUrl: database.url, lambdaUrl: database.url, cloudFrontUrl: database.url });
  events.length = 0;
});
afterEach(async () => {
  leaveAll();
  await Promise.all(tasks.splice(0).map((task) => task.close()));
  await database.close();
});

type Three = readonly [RunningTask, RunningTask, RunningTask];

async function startThree(options: Partial<RunningTaskOptions> = {}): Promise<Three> {
  const start = async (taskId: string) => {
    const task = await RunningTask.start({ taskId, emit: (event) => events.push(event), ...options });
    tasks.push(task);
    return task;
  };
  return Promise.all([start('a'), start('b'), start('c')]);
}

async function publishOn(task: RunningTask, stream: AuthorisedStream, id: string) {
  const publisher = await publish(task.streams, id, stream);
  void publisher.send(clip);
  return publisher;
}

const urlOf = ({ playbackId }: AuthorisedStream, file: string): string => `/live/${playbackId}/${file}`;

async function statusOn(task: RunningTask, stream: AuthorisedStream): Promise<unknown> {
  const { version, ...status } = await versionedStatusOn(task, stream);
  return status;
}

/** The database may be too slow for a moment. Then the answer is a 503. */
const versionedStatusOn = (task: RunningTask, stream: AuthorisedStream): Promise<VersionedStatus> =>
  waitFor(`the status on ${task.taskId}`, async () => {
    const answer = await task.fetch(urlOf(stream, 'status.json'));
    return answer.ok ? ((await answer.json()) as VersionedStatus) : undefined;
  });

/** The next status after `former`. Asks with the version of what the task says now, as pages do, until it is another. */
async function statusAfter(former: string, task: RunningTask, stream: AuthorisedStream): Promise<string> {
  const { version, status } = await versionedStatusOn(task, stream);
  if (status !== former) return status;
  const answer = await task.fetch(urlOf(stream, `status.json?after=${version}`));
  const next = answer.ok ? ((await answer.json()) as VersionedStatus).status : former;
  // After a while, or after a 503, the page asks again.
  return next === former ? statusAfter(former, task, stream) : next;
}

const isOn = (status: string, task: RunningTask, stream: AuthorisedStream) =>
  waitFor(`${task.taskId} says ${status}`, async () => {
    const answer = await task.fetch(urlOf(stream, 'status.json'));
    return answer.ok && ((await answer.json()) as { status: string }).status === status;
  });

async function playlistOn(task: RunningTask, stream: AuthorisedStream): Promise<string> {
  const answer = await task.fetch(urlOf(stream, '360p/media.m3u8'));
  return answer.ok ? answer.text() : `status ${answer.status}`;
}

const playlistWith = (task: RunningTask, stream: AuthorisedStream, text: string) =>
  waitFor(`${text} in a playlist of ${task.taskId}`, async () => {
    const playlist = await playlistOn(task, stream);
    return playlist.includes(text) ? playlist : undefined;
  });

/** Waits for a playlist that has segments of a second run. */
const playlistAfterMove = (task: RunningTask, stream: AuthorisedStream) =>
  waitFor(`another run in a playlist of ${task.taskId}`, async () => {
    const playlist = await playlistOn(task, stream);
    const epochs = segmentNames(playlist).map((name) => name.split('-')[0]);
    return new Set(epochs).size > 1 ? playlist : undefined;
  });

const mediaSequence = (playlist: string): number => Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(playlist)?.[1]);
const segmentNames = (playlist: string): string[] => playlist.match(/^\d+-\d+\.m4s$/gm) ?? [];
const typesOf = (stream: AuthorisedStream): string[] =>
  events.filter((event) => 'streamId' in event && event.streamId === stream.streamId).map(({ type }) => type);

test('a page that waits on any task hears that a stream begins and that it ends, and a task that goes away lets none wait', async () => {
  const [a, b, c] = await startThree({ reconnectWindowMs: 0 });
  const stream = newStream();
  const all = [a, b, c];
  const begin = all.map((task) => statusAfter('idle', task, stream));
  const publisher = await publishOn(a, stream, 'first');
  expect(await Promise.all(begin)).toEqual(['live', 'live', 'live']);

  const end = all.map((task) => statusAfter('live', task, stream));
  publisher.leave();
  expect(await Promise.all(end)).toEqual(['ended', 'ended', 'ended']);

  const { version } = await versionedStatusOn(b, stream);
  const last = b.fetch(urlOf(stream, `status.json?after=${version}`));
  b.cluster.endStatusWaits();
  expect((await last).status).toBe(200);
});

test('every task answers for a stream as its holder does, headers, ranges, HEAD and gzip included', async () => {
  const [a, b] = await startThree();
  const stream = newStream();
  await publishOn(a, stream, 'first');
  await isOn('live', a, stream);
  await isOn('live', b, stream);
  const playlist = await playlistWith(b, stream, '.m4s\n');
  const segment = segmentNames(playlist)[0] ?? '';
  const requests: [string, RequestInit][] = [
    ['master.m3u8', {}],
    ['master.m3u8', { headers: { 'accept-encoding': 'identity' } }],
    ['360p/media.m3u8?_HLS_part=1', {}],
    ['360p/no-file', {}],
    [`360p/${segment}`, {}],
    [`360p/${segment}`, { method: 'HEAD' }],
    [`360p/${segment}`, { headers: { range: 'bytes=10-19' } }],
    [`360p/${segment}`, { headers: { range: 'bytes=999999999-' } }],
  ];
  for (const [file, init] of requests) {
    const [own, passedOn] = await Promise.all([a.fetch(urlOf(stream, file), init), b.fetch(urlOf(stream, file), init)]);
    const describe = (answer: Response) =>
      [answer.status, ...[...answer.headers].filter(([name]) => name !== 'date')] as unknown[];
    expect(describe(passedOn)).toEqual(describe(own));
    expect(Buffer.from(await passedOn.arrayBuffer())).toEqual(Buffer.from(await own.arrayBuffer()));
  }
});

test("a stream's health and its picture come from its holder, whichever task is asked", async () => {
  const [a, b] = await startThree();
  const stream = newStream();
  await publishOn(a, stream, 'publisher');
  await isOn('live', b, stream);
  const health = async (task: RunningTask) =>
    (await (await task.fetch(urlOf(stream, 'health.json'))).json()) as HealthReport;
  const report = await waitFor('a sample', async () => {
    const now = await health(b);
    return now.history.inputKbps.length > 0 && now;
  });
  expect(report).toMatchObject({ now: { width: 320 }, startedAt: (await health(a)).startedAt });
  const [here, there] = await Promise.all([a, b].map((task) => task.fetch(urlOf(stream, 'poster.jpg'))));
  expect(there?.headers.get('content-type')).toBe('image/jpeg');
  expect(await there?.arrayBuffer()).toEqual(await here?.arrayBuffer());
});

test('a request that waits at another task is answered when the part is there, and aborted with its client', async () => {
  const [a, b] = await startThree();
  const stream = newStream();
  await publishOn(a, stream, 'first');
  const playlist = await playlistWith(b, stream, '#EXT-X-PRELOAD-HINT');
  const [, msn = '', part = ''] = /PRELOAD-HINT:TYPE=PART,URI="\d+-(\d+)\.(\d+)\.m4s"/.exec(playlist) ?? [];
  const blocking = urlOf(stream, `360p/media.m3u8?_HLS_msn=${msn}&_HLS_part=${part}`);
  const answer = await b.fetch(blocking);
  expect(answer.headers.get('cache-control')).toMatch(/max-age/);
  expect(await answer.text()).toContain(`-${msn}.${part}.m4s`);
  const abort = new AbortController();
  const waiting = b.fetch(urlOf(stream, `360p/media.m3u8?_HLS_msn=${Number(msn) + 2}`), { signal: abort.signal });
  const timeline = () => a.streams.find(stream.playbackId)?.renditions.get('360p')?.waiting;
  await waitFor('the request at the holder', async () => timeline() === 1);
  abort.abort();
  await expect(waiting).rejects.toThrow();
  await waitFor('the end of the request at the holder', async () => timeline() === 0);
});

test('nobody else is answered by the internal server', async () => {
  const [a, b] = await startThree();
  const stream = newStream();
  await publishOn(a, stream, 'first');
  await isOn('live', b, stream);
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${a.cluster.internalPort}${path}`, init).then(({ status }) => status);
  const paths = [
    urlOf(stream, 'master.m3u8'),
    '/health',
    '/cluster/streams/x',
    `/cluster/streams/${stream.streamId}/handover`,
  ];
  for (const path of paths) {
    expect(await ask(path)).toBe(403);
    expect(await ask(path, { method: 'POST', headers: { authorization: 'Bearer guess' } })).toBe(403);
  }
  expect(await statusOn(b, stream)).toMatchObject({ status: 'live' });
});

test('a stream goes on with all its media when its publisher comes back on another task', async () => {
  const [a, b, c] = await startThree();
  const stream = newStream();
  const first = await publishOn(a, stream, 'first');
  const before = await waitFor('three segments', async () => {
    const playlist = await playlistOn(c, stream);
    return segmentNames(playlist).length >= 3 ? playlist : undefined;
  });
  first.leave();
  await publishOn(b, stream, 'second');
  for (const task of [a, b, c]) {
    const after = await playlistAfterMove(task, stream);
    expect(after).not.toContain('#EXT-X-ENDLIST');
    expect(mediaSequence(after)).toBe(mediaSequence(before));
    expect(segmentNames(after)).toEqual(expect.arrayContaining(segmentNames(before)));
    for (const name of segmentNames(after)) expect((await task.fetch(urlOf(stream, `360p/${name}`))).status).toBe(200);
  }
  expect(a.streams.find(stream.playbackId)).toBeUndefined();
  expect(typesOf(stream)).toEqual(['stream.live']);
});

test('a request that waits for another task is answered by its own when the stream comes there', async () => {
  const [a, b] = await startThree();
  const stream = newStream();
  const first = await publishOn(a, stream, 'first');
  const playlist = await playlistWith(b, stream, '#EXT-X-PRELOAD-HINT');
  first.leave();
  const next = Number(/PRELOAD-HINT:TYPE=PART,URI="\d+-(\d+)/.exec(playlist)?.[1]) + 1;
  const waiting = b.fetch(urlOf(stream, `360p/media.m3u8?_HLS_msn=${next}&_HLS_part=0`));
  await waitFor('the request at the holder', async () => {
    return a.streams.find(stream.playbackId)?.renditions.get('360p')?.waiting === 1;
  });
  await publishOn(b, stream, 'second');
  const answer = await waiting;
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain(`-${next}.0.m4s`);
});

test('a publisher that comes back after its task has died goes on above what viewers have seen', async () => {
  const [a, b, c] = await startThree();
  const stream = newStream();
  await publishOn(a, stream, 'first');
  await isOn('live', c, stream);
  const before = await waitFor('several segments', async () => {
    const playlist = await playlistOn(c, stream);
    return segmentNames(playlist).length >= 3 ? playlist : undefined;
  });
  await a.kill();
  const waiting = playlistOn(c, stream);
  await publishOn(b, stream, 'second');
  const after = await waiting;
  expect(after).toContain('#EXT-X-PART:');
  expect(mediaSequence(after)).toBeGreaterThan(mediaSequence(before));
  expect(await statusOn(c, stream)).toMatchObject({ status: 'live' });
  expect(typesOf(stream)).toEqual(['stream.live']);
});

describe('a stream that is published again with another playback id', () => {
  /** Asks every task for the playlist until it has ended everywhere. Resolves to the statuses of the failures. */
  async function endsOn(tasks: readonly RunningTask[], stream: AuthorisedStream): Promise<number[]> {
    const failures: number[] = [];
    await Promise.all(
      tasks.map((task) =>
        waitFor(
          `the end at ${task.taskId}`,
          async () => {
            const answer = await task.fetch(urlOf(stream, '360p/media.m3u8'));
            if (!answer.ok) failures.push(answer.status);
            return (await answer.text()).includes('#EXT-X-ENDLIST');
          },
          { intervalMs: 5 },
        ),
      ),
    );
    return failures;
  }

  /** Events of a playback id. */
  const eventsOf = ({ playbackId }: AuthorisedStream): string[] =>
    events.filter((event) => 'playbackId' in event && event.playbackId === playbackId).map(({ type }) => type);

  test.each([
    ['on the same task', 0],
    ['on another task', 1],
  ])('%s ends at its former address as every broadcast does', async (_, index) => {
    const tasks = await startThree();
    const stream = newStream();
    const renamed = { ...stream, playbackId: newStream().playbackId };
    const first = await publishOn(tasks[0], stream, 'first');
    for (const task of tasks) await playlistWith(task, stream, '.m4s\n');
    const ended = endsOn(tasks, stream);
    first.leave();
    await publishOn(tasks[index] ?? tasks[0], renamed, 'second');
    expect(await ended).toEqual([]);
    for (const task of tasks) {
      await isOn('ended', task, stream);
      const [name = ''] = segmentNames(await playlistOn(task, stream));
      expect((await task.fetch(urlOf(stream, `360p/${name}`))).status).toBe(200);
      await isOn('live', task, renamed);
      expect(await playlistOn(task, renamed)).not.toContain('#EXT-X-ENDLIST');
    }
    expect(eventsOf(stream)).toEqual(['stream.live', 'stream.ended']);
    expect(eventsOf(renamed)).toEqual(['stream.live']);
    // As after some time.
    const store = createLiveStore({ client: database.client, tables: TEST_TABLES });
    const { epoch = 0 } = (await store.getHeld(stream.streamId)) ?? {};
    await store.forgetFormer({ streamId: stream.streamId, epoch });
    const [, , other] = tasks;
    await waitFor('its last answer', async () => (await playlistOn(other, stream)) === 'status 404');
    expect(await statusOn(other, stream)).toEqual({ status: 'idle' });
  });

  test('ends at its former address even if the media is lost with its task', async () => {
    const [a, b, c] = await startThree();
    const stream = newStream();
    const renamed = { ...stream, playbackId: newStream().playbackId };
    await publishOn(a, stream, 'first');
    for (const task of [b, c]) await playlistWith(task, stream, '.m4s\n');
    await a.kill();
    await publishOn(b, renamed, 'second');
    await endsOn([b, c], stream);
    await isOn('live', c, renamed);
    expect(eventsOf(stream)).toEqual(['stream.live', 'stream.ended']);
    expect(eventsOf(renamed)).toEqual(['stream.live']);
  });
});

test('ids that nobody has ever published are unknown to every task', async () => {
  const [a] = await startThree();
  const stream = newStream();
  expect(await statusOn(a, stream)).toEqual({ status: 'idle' });
  expect((await a.fetch(urlOf(stream, 'master.m3u8'))).status).toBe(404);
});

test('a task that stops gives its streams to another, and ends none', async () => {
  const [a, b, c] = await startThree();
  const stream = newStream();
  const publisher = await publishOn(a, stream, 'first');
  await isOn('live', c, stream);
  const before = await playlistWith(c, stream, '#EXTINF');
  publisher.leave();
  a.cluster.drain();
  await a.cluster.handOver(0, new AbortController().signal);
  expect(a.streams.held).toEqual([]);
  const after = await playlistOn(c, stream);
  expect(after).not.toContain('#EXT-X-ENDLIST');
  expect(segmentNames(after)).toEqual(expect.arrayContaining(segmentNames(before)));
  await publishOn(b, stream, 'second');
  await playlistAfterMove(a, stream);
  expect(typesOf(stream)).toEqual(['stream.live']);
});

/** Requests an end as the control API does. */
async function requestEnd({ streamId, playbackId }: AuthorisedStream, reason: 'stopped' | 'deleted'): Promise<void> {
  const store = createLiveStore({ client: database.client, tables: TEST_TABLES });
  const publisherGoneAtMs = await waitFor('the wait for the publisher', async () => {
    return (await store.getHeld(streamId))?.broadcast?.publisherGoneAtMs;
  });
  await store.requestEnd({
    ...{ streamId, reason, minVersion: 2, playbackIds: [playbackId], publisherGoneAtMs, nowMs: Date.now() },
  });
}

const endsOf = (stream: AuthorisedStream) =>
  events.filter((event) => event.type === 'stream.ended' && event.streamId === stream.streamId);

test.each(['stopped', 'deleted'] as const)(
  'a task that stops does not wait for the publisher of a stream that was %s',
  async (reason) => {
    const [a, , c] = await startThree();
    const stream = newStream();
    const publisher = await publishOn(a, stream, 'first');
    await isOn('live', c, stream);
    await playlistWith(c, stream, '#EXTINF');
    publisher.leave();
    await requestEnd(stream, reason);
    a.cluster.drain();
    // The end of the reconnect window would have another reason.
    await a.cluster.handOver(60_000, new AbortController().signal);
    await waitFor('the end', () => endsOf(stream).length > 0);
    expect(await playlistOn(c, stream)).toContain(reason === 'stopped' ? '#EXT-X-ENDLIST' : 'status 404');
    expect(typesOf(stream)).toEqual(['stream.live', 'stream.ended']);
    expect(endsOf(stream)).toMatchObject([{ reason }]);
  },
);

test('a stream that a dead task has left, and that was deleted, ends without a trace', async () => {
  const [a, b, c] = await startThree();
  const stream = newStream();
  const publisher = await publishOn(a, stream, 'first');
  await isOn('live', c, stream);
  // What a dead task has not written, no other task knows.
  const store = createLiveStore({ client: database.client, tables: TEST_TABLES });
  await waitFor('its record', async () => (await store.getHeld(stream.streamId))?.broadcast?.liveSinceMs != null);
  await waitFor('its task', () => b.cluster.peers.some(({ streamIds }) => streamIds.includes(stream.streamId)));
  publisher.leave();
  await waitFor('the end of its run', async () => !a.streams.held.some(({ hasPublisher }) => hasPublisher));
  await a.kill();
  await requestEnd(stream, 'deleted');
  await waitFor('the end', async () => typesOf(stream).includes('stream.ended'));
  for (const task of [b, c]) expect(await playlistOn(task, stream)).toBe('status 404');
  expect(endsOf(stream)).toMatchObject([{ reason: 'deleted' }]);
  await waitFor('the end in the store', async () => (await store.listHolds(stream.streamId)).length === 0);
});
