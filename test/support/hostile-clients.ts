import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { RtmpClient } from '#kit/rtmp-client.ts';

/** In the body of every frame that a stranger tries to get into a stream. */
export const INJECTED = 'frame of a stranger';

/** What a client does to a server; `streamName` is what the victim publishes, or what is publicly known of that. */
export interface HostileClient {
  readonly name: string;
  run(client: RtmpClient, streamName: string): Promise<void>;
}

/** Each is one message, from anybody, before any publish. */
export const ONE_MESSAGE_CRASHES: readonly HostileClient[] = [
  {
    name: 'a connect whose tcUrl is no URL',
    run: async (client) => {
      await client.handshake();
      client.sendCommand(0, 'connect', 1, { app: 'live', tcUrl: 'no url' });
    },
  },
  {
    name: 'a publish without a name',
    run: async (client) => {
      await client.prepare();
      client.sendCommand(1, 'publish', 3, null);
    },
  },
  {
    name: 'a video message of zero length',
    run: async (client) => {
      await client.handshake();
      // The second one's first byte makes the parser handle the first.
      for (let count = 0; count < 2; count++) {
        client.send({ type: VIDEO_TAG, messageStreamId: 1, payload: Buffer.alloc(0) });
      }
    },
  },
];

/** Publishes what it may not, and sends media without looking at the answer. */
export const publishRefused: HostileClient = {
  name: 'a publisher who is refused',
  run: async (client, streamName) => {
    await client.prepare();
    client.sendCommand(1, 'publish', 3, null, streamName, 'live');
    sendFrames(client);
  },
};

/** Each sends media into a stream that it does not publish. */
export const INJECTIONS: readonly HostileClient[] = [
  {
    name: 'a player',
    run: async (client, streamName) => {
      await client.prepare();
      client.sendCommand(1, 'play', 3, null, streamName);
      sendFrames(client);
    },
  },
  publishRefused,
  {
    name: 'a client whose decision is under way, far more of it than may come before',
    run: async (client, streamName) => {
      await client.prepare();
      client.sendCommand(1, 'publish', 3, null, streamName, 'live');
      for (let times = 0; times < 200; times++) sendFrames(client);
    },
  },
];

/** Sends media without a publish, until it is cut off. */
export async function sendUnasked(client: RtmpClient): Promise<void> {
  await client.prepare();
  for (let times = 0; times < 200; times++) sendFrames(client);
  await client.closed;
}

/** Sends a frame now and again until the socket is gone, whatever the server says. */
export async function sendForEver(client: RtmpClient): Promise<void> {
  const sending = setInterval(() => sendFrame(client, 0), 20);
  await client.closed;
  clearInterval(sending);
}

function sendFrames(client: RtmpClient): void {
  for (let count = 0; count < 20; count++) sendFrame(client, count * 40);
}

function sendFrame(client: RtmpClient, timestampMs: number): void {
  const payload = Buffer.concat([Buffer.from([0x27, 1, 0, 0, 0]), Buffer.from(INJECTED)]);
  client.send({ type: VIDEO_TAG, messageStreamId: 1, payload, timestampMs, chunkStreamId: 6 });
}

/** Publishes several streams on one connection. */
export async function publishTwice(client: RtmpClient, first: string, second: string): Promise<void> {
  await client.publish(first);
  client.sendCommand(0, 'createStream', 4, null);
  await client.answer('_result');
  client.sendCommand(2, 'publish', 5, null, second, 'live');
}

/** Bytes that are no RTMP, or no longer. */
export const GARBAGE: readonly HostileClient[] = [
  { name: 'random bytes', run: async (client) => void client.socket.write(randomBytes(60_000)) },
  { name: 'HTTP', run: async (client) => void client.socket.write('GET / HTTP/1.1\r\nHost: live\r\n\r\n') },
  {
    name: 'random bytes behind a handshake',
    run: async (client) => {
      await client.handshake();
      client.socket.write(randomBytes(60_000));
    },
  },
  {
    name: 'messages of 16 MiB that never come, on many chunk streams',
    run: async (client) => {
      await client.handshake();
      for (let chunkStreamId = 4; chunkStreamId < 60; chunkStreamId++) {
        const payload = Buffer.alloc(128);
        client.send({ type: VIDEO_TAG, messageStreamId: 1, payload, declaredBytes: 0xffffff, chunkStreamId });
      }
    },
  },
];

/** Connects and says nothing, keeping its own side open even when the server has closed the other. */
export function openSilent(port: number, localAddress: string): Socket {
  const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true });
  socket.on('error', () => undefined); // a reset is one of the ways in which servers close
  socket.resume();
  return socket;
}

/** Says its handshake one byte at a time, for ever; resolves when the server has closed. */
export async function dribbleHandshake(port: number, localAddress: string): Promise<void> {
  const client = await RtmpClient.open(port, localAddress);
  client.socket.resume();
  client.socket.write(Buffer.from([3]));
  const dribble = setInterval(() => client.socket.write(Buffer.alloc(1)), 100);
  await client.closed;
  clearInterval(dribble);
}

const LISTEN = '0A';
const TIME_WAIT = '06';

/** How many connections of a local TCP port some process holds (proc(5), /proc/net/tcp). */
export async function heldConnections(port: number): Promise<number> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = (await readFile('/proc/net/tcp', 'utf8')).trim().split('\n').slice(1);
  return rows.filter((row) => {
    const [, local = '', , state = '', , , , , , inode] = row.trim().split(/\s+/);
    return local.endsWith(suffix) && state !== LISTEN && state !== TIME_WAIT && inode !== '0';
  }).length;
}
