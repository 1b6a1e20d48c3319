import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** A proxy that can fail in several ways, and recover on the same port. */
export interface BreakableProxy {
  readonly url: string;
  /** Cuts every connection and refuses new ones. */
  refuse(): Promise<void>;
  /**
   * Accepts connections, but passes nothing on, and cuts nothing. What was sent meanwhile arrives when the proxy works again, also from clients that have given
   * up, as after a partition of a network.
   */
  blackHole(): void;
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

export interface BreakableProxyOptions {
  /** Called with what is passed on to the target while the proxy works. @default none */
  readonly onPassed?: (bytes: Buffer) => void;
}

/** Both ends of a connection that works. */
type Pair = readonly [client: Socket, upstream: Socket];

/** Starts a proxy to `targetUrl` on a free loopback port. */
export async function startBreakableProxy(
  targetUrl: string,
  { onPassed = () => undefined }: BreakableProxyOptions = {},
): Promise<BreakableProxy> {
  const { hostname, port: targetPort } = new URL(targetUrl);
  const sockets = new Set<Socket>();
  const working = new Set<Pair>();
  const waiting = new Set<Socket>();
  let mode: 'working' | 'black hole' | 'throttling' | 'slow' | 'losing' = 'working';
  let lateAnswers = 0;
  let losableAnswers = 0;
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    // Errors are intended here. The client sees them too.
    socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket));
    return socket;
  };
  const connect = (): Socket => track(createConnection(Number(targetPort), hostname));
  const join = (client: Socket): void => {
    if (client.destroyed) return;
    const pair: Pair = [client.on('data', onPassed), connect()];
    working.add(pair);
    pair[1].once('close', () => working.delete(pair));
    flow(pair);
  };
  const server = createServer((client) => {
    track(client);
    if (mode === 'working') join(client);
    else if (mode === 'black hole') waiting.add(client);
    else if (mode === 'throttling') client.once('data', () => client.end(THROTTLED_ANSWER));
    else if (mode === 'slow')
      client
        .pipe(connect())
        .pipe(delay(() => LATENESS_MS[lateAnswers++ % LATENESS_MS.length] ?? 0))
        .pipe(client);
    else
      client
        .pipe(connect())
        .on('data', (answer) => (losableAnswers++ % 2 === 0 ? client.destroy() : client.write(answer)));
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
    blackHole: () => {
      mode = 'black hole';
      working.forEach(hold);
    },
    throttle: () => switchTo('throttling'),
    slow: () => switchTo('slow'),
    loseAnswers: () => switchTo('losing'),
    mend: async () => {
      if (mode === 'black hole') {
        mode = 'working';
        working.forEach(flow);
        waiting.forEach(join);
        waiting.clear();
      } else {
        switchTo('working');
      }
      if (!server.listening) await listen(server, port);
    },
    close: refuse,
  };
}

function flow([client, upstream]: Pair): void {
  client.pipe(upstream);
  upstream.pipe(client);
}

function hold([client, upstream]: Pair): void {
  client.unpipe(upstream).pause();
  upstream.unpipe(client).pause();
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
