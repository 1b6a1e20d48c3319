import { jest } from '@jest/globals';
import type { EventBody } from '#domain/events.ts';
import type { AuthorisedStream } from '#domain/ingest-auth.ts';
import { LADDER_NAMES } from '#domain/ladders.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { PublishRefusal } from '#encoder/rtmp/publisher.ts';
import { Random } from '#kit/random.ts';
import { startTemporaryDynamoDb } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { useLocalAws } from '#scripts/local/aws-environment.ts';
import { leaveAll, publish } from '../streams/test-publish.ts';
import { makeSourceTags } from '../transcode/source-clip.ts';
import { newStream, RunningTask, type RunningTaskOptions } from './running-task.ts';

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
const tasks: RunningTask[] = [];
const events: (EventBody & { readonly taskId: string })[] = [];

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

/** Starts tasks, with room for so many vCPUs or with other options, which know of each other. */
async function startTasks(
  ...each: readonly (number | Pick<RunningTaskOptions, 'capacityVCpus' | 'guard'>)[]
): Promise<readonly RunningTask[]> {
  const started = await Promise.all(
    each.map((options, index) =>
      RunningTask.start({
        ...(typeof options === 'number' ? { capacityVCpus: options } : options),
        ...{ taskId: `task-${index}`, emit: (event) => events.push(event) },
      }),
    ),
  );
  tasks.push(...started);
  await waitFor('the others', async () => started.every(({ cluster }) => cluster.peers.length === started.length - 1));
  return started;
}

/** Publishes as a connection to the task does. */
const publishAt = ({ cluster }: RunningTask, stream: AuthorisedStream) =>
  publish(cluster.relays, `to ${stream.streamId}`, stream);

const isLive = async (task: RunningTask, { playbackId }: AuthorisedStream): Promise<boolean> =>
  (await (await task.fetch(`/live/${playbackId}/status.json`)).text()).includes('live');

test('a publish on a full task is encoded by another one, and its connection stays where it is', async () => {
  const [full, free] = (await startTasks(0.1, 4)) as [RunningTask, RunningTask];
  const stream = newStream();
  const clip: readonly FlvTag[] = await makeSourceTags({
    ...{ seconds: 20, video: { width: 320, height: 180, frameRate: '25' }, audio: null },
  });
  const publisher = await publishAt(full, stream);
  void publisher.send(clip);
  await waitFor('the stream', () => isLive(full, stream));
  expect(free.streams.streamIds).toEqual([stream.streamId]);
  expect(full.streams.streamIds).toEqual([]);
  expect(full.cluster.hasPublishers).toBe(true);
  expect(events.map(({ type, taskId }) => [type, taskId])).toEqual([['stream.live', 'task-1']]);
  publisher.leave();
  await waitFor('the end at the other task', async () => !free.cluster.hasPublishers && !full.cluster.hasPublishers);
});

test('a publisher that comes back to a full task reaches the task that waits for it', async () => {
  const [full, holder] = (await startTasks(0.1, 0.2, 4)) as [RunningTask, RunningTask, RunningTask];
  const stream = newStream();
  (await publishAt(holder, stream)).leave();
  await waitFor('the registry', async () => full.cluster.peers.some(({ streamIds }) => streamIds.length > 0));
  await publishAt(full, stream);
  expect(holder.cluster.hasPublishers).toBe(true);
});

/** Sends a clip of whole GOPs to a task, and leaves once every rendition has a segment of it. */
async function publishAndLeave(task: RunningTask, stream: AuthorisedStream, clip: readonly FlvTag[]): Promise<void> {
  const publisher = await publishAt(task, stream);
  void publisher.send(clip);
  await waitFor('a segment', async () => (await segmentsOn(task, stream)).length > 0);
  publisher.leave();
}

async function segmentsOn(task: RunningTask, { playbackId }: AuthorisedStream): Promise<string[]> {
  const answer = await task.fetch(`/live/${playbackId}/360p/media.m3u8`);
  return (await answer.text()).match(/^(#EXT-X-DISCONTINUITY|\d+-\d+\.m4s)$/gm) ?? [];
}

const makeClip = (): Promise<readonly FlvTag[]> =>
  makeSourceTags({
    ...{ seconds: 20, video: { width: 320, height: 180, frameRate: '25' } },
    audio: { sampleRateHz: 48_000, channels: 2 },
  });

test('a publisher whose next connection is at another task goes on with its FFmpeg', async () => {
  const [holder, other] = (await startTasks(4, 4, 4)) as [RunningTask, RunningTask, RunningTask];
  const stream = newStream();
  const clip = await makeClip();
  await publishAndLeave(holder, stream, clip);
  await waitFor('the registry', async () => other.cluster.peers.some(({ streamIds }) => streamIds.length > 0));
  void (await publishAt(other, stream)).send(clip);
  const listed = await waitFor('a segment after the discontinuity', async () => {
    const segments = await segmentsOn(other, stream);
    return segments.slice(0, -1).includes('#EXT-X-DISCONTINUITY') ? segments : undefined;
  });
  expect(listed.filter((line) => line.startsWith('#'))).toHaveLength(1);
  const epochs = listed.flatMap((line) => /^(\d+)-/.exec(line)?.[1] ?? []);
  expect(new Set(epochs).size).toBe(1);
  expect(other.streams.streamIds).toEqual([]);
  expect(holder.streams.streamIds).toEqual([stream.streamId]);
  expect(events.map(({ type }) => type)).toEqual(['stream.live']);
});

test('if the task that holds its stream does not answer, the stream goes on at the other one', async () => {
  const [holder, other] = (await startTasks(4, 4, 4)) as [RunningTask, RunningTask, RunningTask];
  const stream = newStream();
  const clip = await makeClip();
  await publishAndLeave(holder, stream, clip);
  await waitFor('the registry', async () => other.cluster.peers.some(({ streamIds }) => streamIds.length > 0));
  await holder.kill();
  void (await publishAt(other, stream)).send(clip);
  await waitFor('the stream', async () => (await segmentsOn(other, stream)).length > 0);
  expect(other.streams.streamIds).toEqual([stream.streamId]);
  expect(events.map(({ type }) => type)).toEqual(['stream.live']);
});

test('a task that has the address of one that was killed takes no publish in its name', async () => {
  const [killed, other] = (await startTasks(4, 4)) as [RunningTask, RunningTask];
  const [one, two] = [newStream(), newStream()];
  for (const stream of [one, two]) (await publishAt(killed, stream)).leave();
  await waitFor('the registry', async () => other.cluster.peers.some(({ streamIds }) => streamIds.length === 2));
  const { internalPort } = killed.cluster;
  await killed.kill();
  const emit: RunningTaskOptions['emit'] = (event) => events.push(event);
  const replacement = await RunningTask.start({ taskId: 'replacement', internalPort, emit });
  tasks.push(replacement);
  await publishAt(other, one);
  await publishAt(replacement, two);
  expect(replacement.cluster.peers.map(({ taskId }) => taskId)).toContain(killed.taskId);
  expect(other.streams.streamIds).toEqual([one.streamId]);
  expect(replacement.streams.streamIds).toEqual([two.streamId]);
  expect(replacement.cluster.relays.sent).toBe(0);
});

test('a task that drains keeps no FFmpeg for a publisher that is away', async () => {
  const [holder, other] = (await startTasks(4, 4)) as [RunningTask, RunningTask];
  const stream = newStream();
  await publishAndLeave(holder, stream, await makeClip());
  const open = await segmentsOn(holder, stream);
  holder.cluster.drain();
  // Its last frames are there at once, and close their segment.
  await waitFor('the last segment', async () => (await segmentsOn(other, stream)).length > open.length);
  expect((await segmentsOn(other, stream)).slice(0, open.length)).toEqual(open);
});

test('the newest relayed publisher wins', async () => {
  const [first, second, free] = (await startTasks(0.1, 0.1, 4)) as [RunningTask, RunningTask, RunningTask];
  const stream = newStream();
  const former = await publishAt(first, stream);
  const latter = await publishAt(second, stream);
  expect(await former.ended).toMatchObject({ code: 'NetStream.Publish.BadName' });
  expect(latter.isClosed).toBe(false);
  expect(free.cluster.hasPublishers).toBe(true);
});

test('a task that drains sends relayed publishers away, and encodes them until they leave', async () => {
  const [full, free] = (await startTasks(0.1, 4)) as [RunningTask, RunningTask];
  const relayed = await publishAt(full, newStream());
  free.cluster.drain();
  await relayed.sentAway;
  expect(relayed.isClosed).toBe(false);
  expect(free.cluster.hasPublishers).toBe(true);
  relayed.leave();
  await waitFor('the end at the other task', async () => !free.cluster.hasPublishers);
});

test('a publisher who leaves while one task is asked is not sent to the next one', async () => {
  const [full, gone, free] = (await startTasks(0.1, 5, 4)) as [RunningTask, RunningTask, RunningTask];
  await gone.kill();
  const hasEnded = jest.fn(() => true).mockReturnValueOnce(false);
  const [end, sendAway] = [jest.fn(), jest.fn()];
  const publisher = {
    id: 'leaving',
    remoteAddress: '192.0.2.1',
    software: null,
    stream: newStream(),
    end,
    sendAway,
    hasEnded,
  };
  await expect(full.cluster.relays.accept(publisher)).rejects.toThrow(PublishRefusal);
  expect(hasEnded).toHaveBeenCalledTimes(2);
  expect(free.streams.held).toEqual([]);
});

test('a task that begins to drain while it accepts a relayed publish does not keep it', async () => {
  let ask: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (ask = resolve));
  let answer: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  const delayed = <T extends object>(object: T): T => {
    if (!('begin' in object && typeof object.begin === 'function')) return object;
    const { begin } = object;
    return {
      ...object,
      begin: async (...call: unknown[]) => {
        ask();
        await answered;
        return begin(...call);
      },
    };
  };
  const [full, free] = (await startTasks(0.1, { capacityVCpus: 4, guard: delayed })) as [RunningTask, RunningTask];
  const publishing = publishAt(full, newStream());
  await asked;
  free.cluster.drain();
  answer();
  await expect(publishing).rejects.toThrow(PublishRefusal);
  await waitFor('the stream without a publisher', async () =>
    free.streams.held.some(({ hasPublisher }) => !hasPublisher),
  );
});

test('40 publishes of different ladders never overload a task, and are refused only when no task has room', async () => {
  const random = new Random(7);
  const all = await startTasks(4, 4, 4);
  for (let count = 0; count < 40; count++) {
    const stream = newStream(random.pick(LADDER_NAMES.slice(0, 4)));
    const outcome = await publishAt(random.pick(all), stream).catch((error: unknown) => error);
    const wanted = all[0]?.streams.costOf(stream) ?? 0;
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(PublishRefusal);
      for (const { streams } of all) expect(streams.load().room.freeVCpus).toBeLessThan(wanted);
    }
    for (const { streams } of all) expect(streams.load().room.usedVCpus).toBeLessThanOrEqual(4);
  }
  expect(events.filter(({ type }) => type === 'stream.refused').length).toBeGreaterThan(0);
});
