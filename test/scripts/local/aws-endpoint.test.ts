import { randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { pino } from 'pino';
import { generateSecret } from '#domain/stream-ids.ts';
import { startAwsEndpoint } from '#scripts/local/aws-endpoint.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import { type ListeningServer, LOOPBACK } from '#scripts/local/http-server.ts';
import { type SigningOptions, signedHeaders } from '#test/support/signed-fetch.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 19, 30);
const MINUTE_MS = 60_000;
const BODY = '{"a":"Ünïcode"}';
const BODY_LIMIT_BYTES = 100;

let endpoint: ListeningServer;
/** Bodies that reached the service. */
const answered: (string | null)[] = [];

beforeAll(async () => {
  endpoint = await startAwsEndpoint({
    service: 'dynamodb',
    address: { ...LOOPBACK, hostName: 'edge' },
    bodyLimitBytes: BODY_LIMIT_BYTES,
    log: pino({ enabled: false }),
    now: () => NOW_MS,
    answer: async ({ body }, response) => {
      answered.push(body?.toString() ?? null);
      response.end('{"TableNames":["secret"]}');
    },
  });
});
beforeEach(() => {
  answered.length = 0;
});
afterAll(() => endpoint.close());

/** Sends exactly these headers. `fetch` refuses to send some of them. */
async function send(headers: Readonly<Record<string, string>>, { method = 'POST', body = BODY, path = '/' } = {}) {
  const request = httpRequest(endpoint.url, { method, headers, path, setHost: false });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject).end(body);
  });
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

const sign = (options: Partial<SigningOptions> = {}) =>
  signedHeaders(endpoint.url, { service: 'dynamodb', atMs: NOW_MS, body: BODY, ...options });

async function expectRefusal(answer: Awaited<ReturnType<typeof send>>): Promise<void> {
  expect([answer.status, answer.headers['x-amzn-errortype']]).toEqual([403, 'InvalidSignatureException']);
  expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  expect(answer.text).not.toContain(LOCAL_CREDENTIALS.secretAccessKey);
  expect(answered).toEqual([]);
}

test.each([
  ['with the secret of this start', {}],
  ['for another name of this machine', { headers: { host: 'localhost:1' } }],
  ['for the name that other containers use', { headers: { host: 'edge:8000' } }],
  ['a little while ago', { atMs: NOW_MS - 4 * MINUTE_MS }],
  ['by a clock that is ahead', { atMs: NOW_MS + 4 * MINUTE_MS }],
  ['with headers that change nothing', { unsigned: { 'user-agent': 'x' } }],
])('a request that was signed %s is answered', async (_name, options) => {
  expect(await send(sign(options))).toMatchObject({ status: 200, text: '{"TableNames":["secret"]}' });
  expect(answered).toEqual([BODY]);
});

test('the SDK signs as the endpoint expects', async () => {
  const client = new DynamoDBClient({
    ...{ endpoint: endpoint.url, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS, maxAttempts: 1 },
    systemClockOffset: NOW_MS - Date.now(),
  });
  expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual(['secret']);
  client.destroy();
});

test.each<[string, Partial<SigningOptions>]>([
  ['another secret', { secret: generateSecret(randomBytes) }],
  ['the word that everybody knows', { secret: 'local' }],
  ['no secret', { secret: '' }],
  ['the secret, for another service', { service: 'lambda' }],
  ['the secret, too long ago', { atMs: NOW_MS - 6 * MINUTE_MS }],
  ['the secret, for the future', { atMs: NOW_MS + 6 * MINUTE_MS }],
  ['the secret, for another method', { method: 'GET' }],
  ['the secret, for another body', { body: `${BODY} ` }],
  ['the secret, for any body', { headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }],
  ['the secret, but not what to do', { unsigned: { 'x-amz-target': 'DynamoDB_20120810.PutItem' } }],
  ['the secret, but not the type', { unsigned: { 'content-type': 'text/plain' } }],
  ['the secret, by a page', { headers: { origin: 'https://evil.example' } }],
  ['the secret, by a page that has no origin', { unsigned: { origin: 'null' } }],
  ['the secret, for a foreign name', { headers: { host: 'evil.example:80' } }],
  ['the secret, for a name that looks like ours', { headers: { host: '127.0.0.1.evil.example' } }],
])('a request that was signed with %s is refused', async (_name, options) => {
  await expectRefusal(await send(sign(options)));
});

test.each<[string, Record<string, string>]>([
  ['nothing', {}],
  ['another scheme', { authorization: `Bearer ${LOCAL_CREDENTIALS.secretAccessKey}` }],
  ['a signature in place of the request', { authorization: 'AWS4-HMAC-SHA256' }],
])('a request with %s in place of a signature is refused', async (_name, headers) => {
  const { authorization: _removed, ...rest } = sign();
  await expectRefusal(await send({ ...rest, ...headers }));
});

test.each(['/other', '/?a=b', '/??a=b'])(
  'a request that was signed for another path than %s is refused',
  async (path) => {
    await expectRefusal(await send(sign(), { path }));
  },
);

test("a page's question whether it may ask is refused", async () => {
  const preflight = { host: '127.0.0.1', origin: 'https://evil.example', 'access-control-request-method': 'POST' };
  await expectRefusal(await send(preflight, { method: 'OPTIONS', body: '' }));
});

test('the body of a stranger is not read', async () => {
  const request = httpRequest(endpoint.url, { method: 'POST', headers: { 'content-length': '1000000000' } });
  const response = await new Promise<IncomingMessage>((resolve) => {
    request
      .on('error', () => undefined)
      .once('response', resolve)
      .write('a little');
  });
  expect(response.statusCode).toBe(403);
  expect(response.headers.connection).toBe('close');
  request.destroy();
});

test('a signed body above the limit reaches the service as null', async () => {
  const body = 'x'.repeat(BODY_LIMIT_BYTES + 1);
  expect((await send(sign({ body }), { body })).status).toBe(200);
  expect(answered).toEqual([null]);
});
