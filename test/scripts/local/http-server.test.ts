import { createServer } from 'node:http';
import { type ListeningServer, localUrl, startListening } from '#scripts/local/http-server.ts';
import { UserError } from '#scripts/terminal/errors.ts';

let server: ListeningServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

test.each(['127.0.0.1', '0.0.0.0'])('a server that listens on %s is reached at its URL', async (host) => {
  server = await startListening(
    createServer((_, response) => response.end('here')),
    { host, port: 0 },
  );
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await (await fetch(server.url)).text()).toBe('here');
});

test('a port that is taken is an error', async () => {
  server = await startListening(createServer(), { host: '127.0.0.1', port: 0 });
  const port = Number(new URL(server.url).port);
  await expect(startListening(createServer(), { host: '127.0.0.1', port })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});

test('the error names the option that sets the port', async () => {
  server = await startListening(createServer(), { host: '127.0.0.1', port: 0 });
  const port = Number(new URL(server.url).port);
  const taken = startListening(createServer(), { host: '127.0.0.1', port, option: '--http-port' });
  await expect(taken).rejects.toBeInstanceOf(UserError);
  await expect(taken).rejects.toThrow(`Port ${port} is taken by another program; choose another with --http-port.`);
});

test.each([
  ['0.0.0.0', 'http://127.0.0.1:80'],
  ['192.0.2.1', 'http://192.0.2.1:80'],
])('the local URL of %s is %s', (host, url) => {
  expect(localUrl({ host, port: 80 })).toBe(url);
});
