import type { ChildProcess } from 'node:child_process';
import type { EventBody } from '#domain/events.ts';
import type { AuthorisedStream } from '#domain/ingest-auth.ts';
import { Random } from '#kit/random.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { createLiveStore } from '#runtime/live-store.ts';
import { createTaskStore } from '#runtime/task-store.ts';
import { useLocalAws } from '#scripts/local/aws-environment.ts';
import { newStream, RunningTask } from '#test/encoder/cluster/running-task.ts';
import { publish } from '#test/encoder/streams/test-publish.ts';
import { makeSourceTags } from '#test/encoder/transcode/source-clip.ts';
import { FRAME_RATE, prepareOutput, standInSpawn } from './interleavings/stand-in-ffmpeg.ts';

const SEED = Number(process.env.CLUSTER_SEED ?? 1);
const PUBLISHES_PER_STREAM = 50;
const RECONNECT_WINDOW_MS = 500;
const LIFETIMES_MS = [0, 0, 20, 100, 700];
/** What Node.js keeps a process alive for. */
const KINDS = ['Timeout', 'Immediate', 'TCPServerWrap', 'TCPSocketWrap', 'PipeWrap', 'ProcessWrap'];

const pause = (delayMs: number) => new Promise<void>((resolve) => setTimeout(resolve, delayMs));
const resources = (): number => process.getActiveResourcesInfo().filter((kind) => KINDS.includes(kind)).length;

/** As broadcasters do, it tries again when a task could not reach the database in time. */
async function publishPatiently(task: RunningTask, id: string, stream: AuthorisedStream) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await publish(task.streams, `${id}-${attempt}`, stream);
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

test(`after 200 publishes on three tasks nothing is left over (seed ${SEED})`, async () => {
  const output = await prepareOutput();
  const source = await makeSourceTags({
    seconds: 2,
    video: { width: 320, height: 180, frameRate: `${FRAME_RATE.numerator}` },
    audio: { sampleRateHz: 48_000, channels: 2 },
  });
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  const database = await startTemporaryDynamoDb();
  const store = createLiveStore({ client: database.client, tables: TEST_TABLES });
  await store.getHeld('nothing');
  const before = resources();
  useLocalAws(process.env, { dynamoDbUrl: database.url, lambdaUrl: database.url, cloudFrontUrl: database.url });

  const events: EventBody[] = [];
  const running = new Set<ChildProcess>();
  const spawnStandIn = standInSpawn(output);
  const tasks = await Promise.all(
    ['a', 'b', 'c'].map((taskId) =>
      RunningTask.start({
        ...{ taskId, reconnectWindowMs: RECONNECT_WINDOW_MS, emit: (event) => events.push(event) },
        spawn: (...call) => {
          const child = spawnStandIn(...call);
          running.add(child);
          return child.once('close', () => running.delete(child));
        },
      }),
    ),
  );
  const streams = [0, 1, 2, 3].map(() => newStream());
  await Promise.all(
    streams.map(async (stream, index) => {
      const random = Random.forIteration(SEED, index);
      let former: Awaited<ReturnType<typeof publish>> | null = null;
      let formerTask: RunningTask | null = null;
      for (let count = 0; count < PUBLISHES_PER_STREAM; count++) {
        const task = random.pick(tasks);
        // A server ends the former publisher of a stream before it accepts the next one. Another server does not.
        if (task === formerTask || random.chance(0.5)) former?.leave();
        const next = await publishPatiently(task, `${index}-${count}`, stream);
        next.burst(source);
        await pause(random.pick(LIFETIMES_MS));
        [former, formerTask] = [next, task];
      }
      former?.leave();
    }),
  );

  await waitFor('the end of all', () => tasks.every(({ streams: { held } }) => held.every(({ hasEnded }) => hasEnded)));
  for (const { streamId } of streams) {
    const types = events.flatMap((event) => ('streamId' in event && event.streamId === streamId ? event.type : []));
    expect(types.length).toBeGreaterThan(0);
    expect(types.length % 2).toBe(0);
    expect(types).toEqual(types.map((_, index) => (index % 2 === 0 ? 'stream.live' : 'stream.ended')));
  }
  await waitFor('the end of all processes', () => running.size === 0);
  expect(tasks.map((task) => task.streams.load().room.usedVCpus)).toEqual([0, 0, 0]);
  await Promise.all(tasks.map((task) => task.close()));
  for (const { streamId } of streams) expect(await store.getHeld(streamId)).toBeNull();
  expect(await createTaskStore({ client: database.client, tables: TEST_TABLES }).list()).toEqual([]);
  await waitFor('the end of all timers and sockets', () => resources() <= before, { timeoutMs: 20_000 });
  expect(warnings).toEqual([]);
  process.off('warning', onWarning);
  await database.close();
});
