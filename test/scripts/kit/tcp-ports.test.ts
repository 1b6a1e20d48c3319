import { once } from 'node:events';
import { createServer } from 'node:net';
import { freePort, isListening } from '#kit/tcp-ports.ts';

test('a port counts as listening only while something listens', async () => {
  const port = await freePort();
  expect(await isListening(port)).toBe(false);
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  expect(await isListening(port)).toBe(true);
  server.close();
  await once(server, 'close');
  expect(await isListening(port)).toBe(false);
});
