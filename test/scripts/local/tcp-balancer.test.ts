import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { freePort } from '#kit/tcp-ports.ts';
import { waitFor } from '#kit/wait-for.ts';
import { TcpBalancer, type TcpBalancerOptions } from '#scripts/local/tcp-balancer.ts';
import { UserError } from '#scripts/terminal/errors.ts';

/** More than all buffers of the sockets on the way. */
const MUCH = 64 * 1024 * 1024;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function closeLater(server: Server, sockets: ReadonlySet<Socket>): void {
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });
}

/** A target and the connections that it got. */
async function startTarget(onConnection: (socket: Socket) => void = () => undefined, port = 0) {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    sockets.add(socket);
    onConnection(socket);
  });
  closeLater(server, sockets);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, sockets };
}

/** A target that ends each connection with its name. */
const startNamed = (name: string, port = 0) => startTarget((socket) => socket.end(name), port);

async function startBalancer(
  targetPorts: () => readonly number[],
  options: Pick<TcpBalancerOptions, 'waitLimitMs' | 'maxSockets'> = {},
) {
  const port = await freePort();
  const address = { host: '127.0.0.1', port, option: '--rtmp-port' };
  const balancer = await TcpBalancer.start({ address, targetPorts, now: Date.now, ...options });
  cleanups.push(() => balancer.close());
  return { port, balancer };
}

function open(port: number, localAddress = '127.0.0.1'): Socket {
  const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true });
  socket.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  return socket;
}

const isClosed = (socket: Socket): boolean => socket.destroyed || socket.readableEnded;

test('targets get connections in turn, and one that refuses is passed over', async () => {
  const targets = [await startNamed('a'), await startNamed('b'), await startNamed('c')];
  let ports = targets.map((target) => target.port);
  const { port } = await startBalancer(() => ports);
  const names = [];
  for (let turn = 0; turn < 4; turn++) names.push(await text(open(port)));
  expect(names).toEqual(['a', 'b', 'c', 'a']);
  ports = [await freePort(), ...ports.slice(2)];
  expect([await text(open(port)), await text(open(port))]).toEqual(['c', 'c']);
});

test('both directions pass unchanged, and each may end first', async () => {
  const received: Buffer[] = [];
  const target = await startTarget((socket) => {
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    socket.once('end', () => socket.end(Buffer.concat(received).reverse()));
  });
  const { port } = await startBalancer(() => [target.port]);
  const client = open(port);
  const sent = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251));
  client.end(sent);
  const answer = await buffer(client);
  expect(sent.equals(Buffer.concat(received))).toBe(true);
  expect(sent.equals(answer.reverse())).toBe(true);
});

test('a side that does not read stops the other, and loses nothing', async () => {
  const target = await startTarget((socket) => socket.end(Buffer.alloc(MUCH)));
  const { port } = await startBalancer(() => [target.port]);
  const slow = open(port).pause();
  const [slowTarget] = await waitFor('its target', () => (target.sockets.size === 1 ? [...target.sockets] : null));
  // In this time, the first could have got everything too.
  expect((await buffer(open(port))).length).toBe(MUCH);
  expect(slowTarget?.writableLength).toBe(MUCH);
  expect((await buffer(slow)).length).toBe(MUCH);
});

test('targets see the address that a client comes from', async () => {
  const target = await startTarget((socket) => socket.end(socket.remoteAddress ?? ''));
  const { port } = await startBalancer(() => [target.port]);
  expect(await text(open(port, '127.0.0.7'))).toBe('127.0.0.7');
});

test('without a target, a connection waits for one', async () => {
  const later = await freePort();
  let asked = 0;
  const { port } = await startBalancer(
    () => {
      asked++;
      return [later];
    },
    { waitLimitMs: 60_000 },
  );
  const client = open(port);
  client.write('early');
  await waitFor('a second attempt', () => asked > 1);
  const target = await startTarget((socket) => socket.once('data', (bytes) => socket.end(bytes)), later);
  expect(await text(client)).toBe('early');
  expect(target.sockets.size).toBe(1);
});

test.each([[[]], [['refusing']]])('a connection does not wait for ever: targets %j', async (targets) => {
  const ports = await Promise.all(targets.map(() => freePort()));
  const { port } = await startBalancer(() => ports, { waitLimitMs: 0 });
  expect(await text(open(port))).toBe('');
});

test('a connection beyond the limit is closed, and the others stay', async () => {
  const target = await startTarget((socket) => socket.pipe(socket));
  const { port } = await startBalancer(() => [target.port], { maxSockets: 2 });
  const first = open(port);
  first.write('a');
  await once(first, 'data');
  expect(await text(open(port))).toBe('');
  first.end('b');
  expect(await text(first)).toBe('b');
  await waitFor('room', async () => {
    const next = open(port);
    next.end('c');
    return (await text(next)) === 'c';
  });
});

test.each([
  ['client', 'target'],
  ['target', 'client'],
] as const)('if the %s resets its connection, so does the %s', async (broken, other) => {
  const target = await startTarget();
  const { port } = await startBalancer(() => [target.port]);
  const client = open(port);
  const [accepted] = await waitFor('its target', () => (target.sockets.size === 1 ? [...target.sockets] : null));
  if (accepted === undefined) throw new Error('no connection');
  const sides = { client, target: accepted };
  sides[other].resume();
  sides[broken].resetAndDestroy();
  await waitFor('the other side', () => isClosed(sides[other]));
});

test('close ends connections, also those that wait, and frees the port', async () => {
  const target = await startTarget();
  let ports = [target.port];
  const { port, balancer } = await startBalancer(() => ports, { waitLimitMs: 60_000 });
  const connected = open(port).resume();
  await waitFor('its target', () => target.sockets.size === 1);
  ports = [];
  const waiting = open(port).resume();
  await once(waiting, 'connect');
  await balancer.close();
  await waitFor('the ends', () => isClosed(connected) && isClosed(waiting));
  await startNamed('next', port);
  expect(await text(open(port))).toBe('next');
});

test('a port that is taken is an error that names the option', async () => {
  const { port } = await startTarget();
  const address = { host: '127.0.0.1', port, option: '--rtmp-port' };
  const started = TcpBalancer.start({ address, targetPorts: () => [], now: Date.now });
  await expect(started).rejects.toThrow(`Port ${port} is taken by another program; choose another with --rtmp-port.`);
  await expect(started).rejects.toBeInstanceOf(UserError);
});
