import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import type { RtmpClient } from '#kit/rtmp-client.ts';

/** In every frame that a stranger tries to get into a stream. */
export const INJECTED = 'frame of a stranger';

/** What a client does to a server. `streamName` is the name that the victim publishes, or one that is publicly known. */
export interface HostileClient {
  readonly name: string;
  run(client: RtmpClient, streamName: string): Promise<void>;
}

/** Each is one message that anybody can send before a publish. */
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
      // The parser handles the first message when the first byte of the second comes.
      for (let count = 0; count < 2; count++) {
        client.send({ type: VIDEO_TAG, messageStreamId: 1, payload: Buffer.alloc(0) });
      }
    },
  },
];

/** Publishes without permission, and sends media without waiting for the answer. */
export const publishRefused: HostileClient = {
  name: 'a refused publisher',
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
    name: 'a client that sends far too much before its publish is answered',
    run: async (client, streamName) => {
      await client.prepare();
      client.sendCommand(1, 'publish', 3, null, streamName, 'live');
      for (let times = 0; times < 200; times++) sendFrames(client);
    },
  },
];

/** Sends media without a publish. Resolves once the server has closed the connection. */
export async function sendUnasked(client: RtmpClient): Promise<void> {
  await client.prepare();
  for (let times = 0; times < 200; times++) sendFrames(client);
  await client.closed;
}

/** Sends a frame every 20 ms, whatever the server says. Resolves once the connection is closed. */
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

/** Connects and says nothing. Keeps its own side open when the server closes the other. */
export function openSilent(port: number, localAddress: string): Socket {
  const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true });
  socket.on('error', () => undefined); // Servers may close with a reset.
  socket.resume();
  return socket;
}

const LISTEN = '0A';
const TIME_WAIT = '06';

/** How many connections of a local TCP port are held by a process (proc(5), /proc/net/tcp). */
export async function heldConnections(port: number): Promise<number> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = (await readFile('/proc/net/tcp', 'utf8')).trim().split('\n').slice(1);
  return rows.filter((row) => {
    const [, local = '', , state = '', , , , , , inode] = row.trim().split(/\s+/);
    return local.endsWith(suffix) && state !== LISTEN && state !== TIME_WAIT && inode !== '0';
  }).length;
}
