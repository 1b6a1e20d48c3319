import { MAX_STOP_TIMEOUT_SECONDS } from '#domain/encoder-capacity.ts';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { findEncodingTask, findTaskProcesses } from '#kit/encoder-processes.ts';
import { HttpViewer } from '#kit/http-viewer.ts';
import type { ReturningPublisher } from '#kit/returning-publisher.ts';
import { StreamWitness } from '#kit/stream-witness.ts';
import { waitFor } from '#kit/wait-for.ts';
import { endOf, everyTaskSays, playsOn, publishAndReturn, replaced } from '#test/support/cluster.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';

const VIEWERS = 20;
/** Of each viewer: some 20 s of a stream with two parts a second. */
const ANSWERS = 220;

let platform: TestPlatform;
let browser: TestBrowser;
let stream: TestStream;
let publisher: ReturningPublisher | null = null;
const viewers: HttpViewer[] = [];

beforeAll(async () => {
  [platform, browser] = await Promise.all([startTestPlatform({ tasks: 3 }), launchBrowser()]);
});
beforeEach(async () => {
  stream = await platform.createStream({ ladder: '360p' });
  publisher = await publishAndReturn(stream.publishUrl);
  await everyTaskSays(platform, stream, 'live');
});
afterEach(async () => {
  await Promise.all(viewers.splice(0).map((viewer) => viewer.stop()));
  await publisher?.stop();
  await platform.callApi('DELETE', `/streams/${stream.id}`);
});
afterAll(async () => {
  await browser.close();
  await closeTestPlatforms();
});

function watchBy(count: number): StreamWitness {
  const witness = new StreamWitness();
  const { liveUrl } = stream;
  for (let index = 0; index < count; index++) {
    viewers.push(new HttpViewer({ liveUrl, witness, usesDeltas: index % 2 === 1 }));
  }
  return witness;
}

const has = (witness: StreamWitness, answers: number) =>
  waitFor(`${answers} answers`, () => witness.answers >= answers);

async function expectNoFlaw(witness: StreamWitness): Promise<void> {
  await Promise.all(viewers.splice(0).map((viewer) => viewer.stop()));
  expect(witness.failures()).toEqual([]);
  expect(witness.contradictions()).toEqual([]);
  expect(witness.statuses()).toEqual(['live']);
  expect(witness.hasEndList).toBe(false);
}

test('20 viewers get everything that their playlists name, whichever task they come to', async () => {
  const witness = watchBy(VIEWERS);
  await has(witness, VIEWERS * ANSWERS);
  await expectNoFlaw(witness);
});

test('viewers see no error and no end when the task that encodes drains', async () => {
  const page = await browser.newPage();
  await page.goto(stream.watchUrl);
  await playsOn(page);
  const witness = watchBy(3);
  const owner = await findEncodingTask(platform.pid);
  expect((await platform.callApi('POST', `/tasks/${owner.taskId}/drain`)).status).toBe(202);
  await replaced(platform, owner);
  expect(await platform.log()).not.toContain('stream not given away');
  const { code, stoppedInMs } = await endOf(platform, owner);
  expect(code).toBe(0);
  expect(stoppedInMs).toBeLessThan(MAX_STOP_TIMEOUT_SECONDS * 1000);
  const next = await findEncodingTask(platform.pid);
  expect(next.taskId).not.toBe(owner.taskId);
  await has(witness, witness.answers + 3 * 30);
  await playsOn(page, 5);
  await page.close();
  await expectNoFlaw(witness);
  expect(browser.consoleErrors).toEqual([]);
});

test('all tasks are restarted one after another, and viewers see no error and no end', async () => {
  const witness = watchBy(3);
  for (const task of await findTaskProcesses(platform.pid)) {
    process.kill(task.pid, 'SIGTERM');
    await replaced(platform, task);
    await findEncodingTask(platform.pid);
    await has(witness, witness.answers + 3 * 10);
  }
  await expectNoFlaw(witness);
});
