import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { json } from 'node:stream/consumers';
import { LOCAL_CREDENTIALS } from '#scripts/local/aws-environment.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';
import { createKeyValueStoreClient } from '#scripts/viewer-keys/edge-keys.ts';

export const STORE_ARN = 'arn:aws:cloudfront::123456789012:key-value-store/8a0ffa2f-9a7b-4d4e-8a2e-0b1f8f3c1d2e';

const STORE_PATH = `/key-value-stores/${encodeURIComponent(STORE_ARN)}`;
/** The host of an account, for example 123456789012.localhost. */
const isStoreHost = (host = ''): boolean => host.startsWith('123456789012.');

/** Starts a server with the used part of the CloudFront KeyValueStore API and one store, and a client for it. */
export async function startKeyValueStore() {
  const values = new Map<string, string>();
  const state = {
    version: 1,
    calls: [] as string[],
    authorizations: [] as string[],
    /** How many more writes of another client happen between reading the version and the write. */
    interferences: 0,
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const key = url.startsWith(`${STORE_PATH}/keys/`) ? decodeURIComponent(url.slice(STORE_PATH.length + 6)) : null;
    const send = (status: number, body: object, more: Record<string, string> = {}): void =>
      void response.writeHead(status, { 'content-type': 'application/json', ...more }).end(JSON.stringify(body));
    const fail = (status: number, name: string): void => send(status, { Message: name }, { 'x-amzn-errortype': name });
    state.calls.push(`${method} ${key ?? 'store'}`);
    state.authorizations.push(headers.authorization ?? '');
    if (!isStoreHost(headers.host)) return fail(400, 'ValidationException');
    const sizes = { ItemCount: values.size, TotalSizeInBytes: 0 };
    if (method === 'GET' && url === STORE_PATH) {
      return send(200, { ...sizes, KvsARN: STORE_ARN, Created: 1_700_000_000 }, { etag: `v${state.version}` });
    }
    if (key === null) return fail(404, 'ResourceNotFoundException');
    const value = values.get(key);
    if (method === 'GET')
      return value === undefined
        ? fail(404, 'ResourceNotFoundException')
        : send(200, { ...sizes, Key: key, Value: value });
    if (state.interferences > 0) {
      state.interferences -= 1;
      state.version += 1;
    }
    if (headers['if-match'] !== `v${state.version}`) return fail(409, 'ConflictException');
    values.set(key, ((await json(request)) as { Value: string }).Value);
    state.version += 1;
    return send(200, sizes, { etag: `v${state.version}` });
  }

  const server = await listenOnLoopback(createServer((request, response) => void answer(request, response)));
  const { port } = new URL(server.url);
  const client = createKeyValueStoreClient({
    endpoint: `http://localhost:${port}`,
    credentials: LOCAL_CREDENTIALS,
    maxAttempts: 1,
    requestHandler: { httpAgent: loopbackAgent() },
  });
  return {
    client,
    values,
    state,
    async close(): Promise<void> {
      client.destroy();
      await server.close();
    },
  };
}

/** The SDK puts the account's id before the endpoint's host. This resolves such hosts to this machine. */
const loopbackAgent = (): Agent =>
  new Agent({
    lookup: (host, _options, done) =>
      isStoreHost(host) && isIP(host) === 0
        ? done(null, [{ address: '127.0.0.1', family: 4 }])
        : done(new Error(host), []),
  });
