import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { countConnections, freePort, isListening } from '#kit/tcp-ports.ts';

test('a port counts as listening only while something listens, and its connections are counted', async () => {
  const port = await freePort();
  expect(await isListening(port)).toBe(false);
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  expect(await isListening(port)).toBe(true);
  expect(await countConnections(port)).toBe(0);
  const client = connect(port, '127.0.0.1');
  await once(server, 'connection');
  expect(await countConnections(port)).toBe(1);
  client.destroy();
  server.close();
  await once(server, 'close');
  expect(await isListening(port)).toBe(false);
});
