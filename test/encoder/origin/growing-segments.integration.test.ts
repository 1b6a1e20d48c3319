import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { LatencyName } from '#domain/latency-profiles.ts';
import { encodeRun, feed, interleaved, toMediaRun, WALL_CLOCK_START_MS } from '#test/support/encoded-run.ts';
import { EPOCH, FIRST_MSN, PLAYBACK_ID, RunningOrigin } from './running-origin.ts';

let origin: RunningOrigin;
afterEach(() => origin.server.close());

const start = async (latency: LatencyName = 'low'): Promise<void> => {
  origin = await RunningOrigin.start(latency);
};
const segment = (msn: number, epoch = EPOCH): string => `480p/${epoch}-${msn}.m4s`;
const partsOf = (msn: number): Buffer[] =>
  origin.stream.renditions
    .get('480p')
    ?.held()
    .find((held) => held.msn === msn)
    ?.parts.map(({ data }) => data) ?? [];

/** The answer when its first part has come. */
async function begin(path: string): Promise<IncomingMessage> {
  const url = `http://127.0.0.1:${origin.server.port}/live/${PLAYBACK_ID}/${path}`;
  const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
  return response;
}

test('a segment that is being made is sent part by part', async () => {
  await start();
  origin.feedUntil('480p', FIRST_MSN, 2);
  const response = await begin(segment(FIRST_MSN));
  expect(response.statusCode).toBe(200);
  expect(response.headers['content-length']).toBeUndefined();
  expect(response.headers['accept-ranges']).toBeUndefined();
  const pieces = response[Symbol.asyncIterator]();
  let bytes = 0;
  const read = async (until: number): Promise<void> => {
    while (bytes < until) bytes += ((await pieces.next()).value as Buffer).length;
  };
  const sizes = () => partsOf(FIRST_MSN).reduce((total, part) => total + part.length, 0);
  await read(sizes());
  origin.feedUntil('480p', FIRST_MSN, 3);
  await read(sizes());
  origin.feedUntil('480p', FIRST_MSN, 4);
  await read(sizes());
  expect((await pieces.next()).done).toBe(true);
  const whole = await origin.ask(segment(FIRST_MSN));
  expect(whole.headers['content-length']).toBe(String(bytes));
});

test('the next segment is waited for, and the one far ahead is not there', async () => {
  await start();
  origin.feedUntil('480p', FIRST_MSN, 4);
  const asked = origin.ask(segment(FIRST_MSN + 1));
  await origin.untilWaiting('480p', 1);
  origin.feedUntil('480p', FIRST_MSN + 1, 4);
  expect((await asked).body).toEqual(Buffer.concat(partsOf(FIRST_MSN + 1)));
  expect((await origin.ask(segment(FIRST_MSN + 20))).status).toBe(404);
  expect((await origin.ask(segment(FIRST_MSN + 2, EPOCH + 1))).status).toBe(404);
});

test('a client that goes away while it waits leaves nothing behind', async () => {
  await start();
  origin.feedUntil('480p', FIRST_MSN, 2);
  const response = await begin(segment(FIRST_MSN));
  await origin.untilWaiting('480p', 1);
  response.destroy();
  await origin.untilWaiting('480p', 0);
  expect(origin.errors).toEqual([]);
});

test('without parts, nothing is announced and an open segment is not there', async () => {
  await start('standard');
  origin.feedUntil('480p', FIRST_MSN, 1);
  expect((await origin.ask(segment(FIRST_MSN + 1))).status).toBe(404);
});

describe('a segment that was announced and is made by another run', () => {
  /** The one after the first run. */
  const NEXT_MSN = FIRST_MSN + 3;

  /** How much later than the media before the next run was captured. */
  const nextRun = async (lateMs: number): Promise<void> => {
    await start();
    origin.feedAll();
    const asked = origin.ask(segment(NEXT_MSN));
    await origin.untilWaiting('480p', 1);
    const endMs = origin.sink.end() * 1000;
    const encoded = await encodeRun();
    const wallClockMs = (mediaSeconds: number): number =>
      WALL_CLOCK_START_MS + endMs - 1000 + lateMs + mediaSeconds * 1000;
    feed(origin.stream.beginRun(toMediaRun(encoded, EPOCH + 1, { wallClockMs })), interleaved(encoded));
    answer = await asked;
  };
  let answer: Awaited<ReturnType<typeof origin.ask>>;

  test('is the media of that run if it goes on', async () => {
    await nextRun(0);
    expect(answer.body.subarray(0, partsOf(NEXT_MSN)[0]?.length)).toEqual(partsOf(NEXT_MSN)[0]);
  });

  test('is nothing if there is a discontinuity, and that is soon asked again', async () => {
    await nextRun(5_000);
    expect(answer.status).toBe(200);
    expect(answer.body.toString('latin1')).toBe('\0\0\0\x08free');
    expect(answer.headers['cache-control']).toBe('public, max-age=1');
  });
});
