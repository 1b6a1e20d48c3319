import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** A proxy that can fail in several ways, and recover on the same port. */
export interface BreakableProxy {
  readonly url: string;
  /** Cuts every connection and refuses new ones. */
  refuse(): Promise<void>;
  /** Accepts connections and never answers. */
  hang(): void;
  /** Answers every request as DynamoDB does when it throttles. */
  throttle(): void;
  /** Works, but every answer comes 200 to 800 ms late. */
  slow(): void;
  /** Passes every request on, and cuts the connection instead of every other answer. */
  loseAnswers(): void;
  /** Works again. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** DynamoDB API reference, "Error handling with DynamoDB": a 400 whose type allows a retry. */
const THROTTLED_BODY = JSON.stringify({
  __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
  message: 'The level of configured provisioned throughput for the table was exceeded.',
});
const THROTTLED_ANSWER = [
  'HTTP/1.1 400 Bad Request',
  'Content-Type: application/x-amz-json-1.0',
  `Content-Length: ${THROTTLED_BODY.length}`,
  'Connection: close',
  '',
  THROTTLED_BODY,
].join('\r\n');

/** Delays of successive answers. Half of them are within the 500 ms for which product code waits. */
const LATENESS_MS = [200, 800, 400, 600] as const;

/** Starts a proxy to `targetUrl` on a free loopback port. */
export async function startBreakableProxy(targetUrl: string): Promise<BreakableProxy> {
  const { hostname, port: targetPort } = new URL(targetUrl);
  const sockets = new Set<Socket>();
  let mode: 'working' | 'hanging' | 'throttling' | 'slow' | 'losing' = 'working';
  let lateAnswers = 0;
  let losableAnswers = 0;
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    // Errors are intended here. The client sees them too.
    socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((client) => {
    track(client);
    if (mode === 'hanging') return;
    if (mode === 'throttling') {
      client.once('data', () => client.end(THROTTLED_ANSWER));
      return;
    }
    const upstream = track(createConnection(Number(targetPort), hostname));
    client.pipe(upstream);
    if (mode === 'slow') upstream.pipe(delay(() => LATENESS_MS[lateAnswers++ % LATENESS_MS.length] ?? 0)).pipe(client);
    else if (mode === 'losing')
      upstream.on('data', (answer) => (losableAnswers++ % 2 === 0 ? client.destroy() : client.write(answer)));
    else upstream.pipe(client);
  });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const switchTo = (next: typeof mode) => {
    mode = next;
    cut();
  };
  const port = await listen(server, 0);
  const refuse = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    refuse,
    hang: () => switchTo('hanging'),
    throttle: () => switchTo('throttling'),
    slow: () => switchTo('slow'),
    loseAnswers: () => switchTo('losing'),
    mend: async () => {
      switchTo('working');
      if (!server.listening) await listen(server, port);
    },
    close: refuse,
  };
}

/** Delays each chunk, in order. An answer of DynamoDB is one chunk. */
function delay(nextMs: () => number): Transform {
  return new Transform({ transform: (chunk, _encoding, done) => void setTimeout(() => done(null, chunk), nextMs()) });
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
