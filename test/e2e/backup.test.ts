import { rememberSecret } from '#kit/secrets.ts';
import { waitFor } from '#kit/wait-for.ts';
import { fetchMediaPlaylist, publish, waitUntilPlayable } from '#test/support/broadcast.ts';
import { type EventReader, followEvents } from '#test/support/event-reader.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';

let platform: TestPlatform;
let reader: EventReader;

beforeAll(async () => {
  // The balancer gives two publishers to two tasks.
  platform = await startTestPlatform({ tasks: 2 });
  reader = await followEvents(`${platform.apiUrl}/events`, platform.adminToken);
});
afterAll(async () => {
  reader.close();
  await closeTestPlatforms();
});

const eventsOf = ({ id }: TestStream) => reader.events.filter((event) => event.streamId === id);
const failover = (stream: TestStream, count: number) =>
  waitFor(`failover ${count}`, () => eventsOf(stream).filter(({ type }) => type === 'stream.failover')[count - 1]);

async function healthOf({ id }: TestStream) {
  return (await (await platform.callApi('GET', `/streams/${id}`)).json()).health;
}

const lastMsn = async (stream: TestStream): Promise<number> => {
  const names = (await fetchMediaPlaylist(stream, '360p')).match(/\d+-\d+\.m4s/g) ?? [];
  return Number(/-(\d+)/.exec(names.at(-1) ?? '')?.[1] ?? 0);
};
async function goesOn(stream: TestStream): Promise<void> {
  const before = await lastMsn(stream);
  await waitFor('the next segments', async () => (await lastMsn(stream)) >= before + 3);
}

test('a second encoder takes over when the one on air stalls, and when it leaves, wherever they are connected', async () => {
  const stream = await platform.createStream({ ladder: '360p', latency: 'ultra' });
  const { backupKey } = await (await platform.callApi('POST', `/streams/${stream.id}/backup-key`)).json();
  rememberSecret(backupKey);
  const primary = await publish(stream.publishUrl);
  await waitUntilPlayable(stream);
  const backup = await publish(`${platform.rtmpUrl}/${backupKey}`);
  await waitFor('both', async () => (await healthOf(stream))?.ingest?.standby === 'backup');
  expect((await healthOf(stream)).ingest).toEqual({ onAir: 'primary', standby: 'backup' });
  await goesOn(stream);

  process.kill(primary.pid, 'SIGSTOP');
  expect(await failover(stream, 1)).toMatchObject({ onAir: 'backup', reason: 'stalled' });
  await goesOn(stream);
  process.kill(primary.pid, 'SIGCONT');
  await primary.kill();
  await waitFor('one', async () => (await healthOf(stream))?.ingest?.standby === null);

  const next = await publish(stream.publishUrl);
  await waitFor('both again', async () => (await healthOf(stream))?.ingest?.standby === 'primary');
  await backup.kill();
  expect(await failover(stream, 2)).toMatchObject({ onAir: 'primary', reason: 'left' });
  await goesOn(stream);
  // A slow machine may take a step of quality meanwhile.
  const types = eventsOf(stream).flatMap(({ type }) => (type === 'stream.quality-changed' ? [] : [type]));
  expect(types).toEqual(['stream.live', 'stream.failover', 'stream.failover']);

  await platform.callApi('POST', `/streams/${stream.id}/stop`);
  await next.exited;
  await waitFor('its end', () => eventsOf(stream).some(({ type }) => type === 'stream.ended'));
}, 120_000);
