import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DemoPublisher } from '#scripts/local/demo-publisher.ts';

/** An address at which every publish ends at once. */
let server: Server;
let rtmpUrl: string;
let folder: string;

beforeEach(async () => {
  server = createServer((socket) => socket.on('error', () => undefined).destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  rtmpUrl = `rtmp://127.0.0.1:${(server.address() as AddressInfo).port}/live`;
  folder = await mkdtemp(join(tmpdir(), 'headend-demo-'));
});
afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

/** Publishes until the demo ends by itself. Resolves to how often it asked whether the key is still valid. */
async function publish(answers: readonly (boolean | Error)[]) {
  let asked = 0;
  const isKeyValid = async (): Promise<boolean> => {
    const answer = answers[asked++];
    if (answer === undefined) throw new Error('asked once more');
    if (answer instanceof Error) throw answer;
    return answer;
  };
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  const ended = new Promise<void>((resolve) => {
    const settings = { rtmpUrl, streamKey: 'demo', keyFile: join(folder, 'demo.ffpreset'), restartDelayMs: 1 };
    publisher = new DemoPublisher({ ...settings, isKeyValid, onKeyLost: resolve });
  });
  await publisher.start();
  await ended;
  await publisher.stop();
  return { asked, connections };
}
let publisher: DemoPublisher;

test('publishes again as long as its key is valid, and ends once it was rotated', async () => {
  expect(await publish([true, true, false])).toEqual({ asked: 3, connections: 3 });
});

test('waits as long as the answer is unknown', async () => {
  expect(await publish([new Error('no database'), true, false])).toEqual({ asked: 3, connections: 2 });
});
