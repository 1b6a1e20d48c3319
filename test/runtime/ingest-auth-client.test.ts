import { randomBytes } from 'node:crypto';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { pino } from 'pino';
import type { IngestAuthResponse } from '#domain/ingest-auth.ts';
import { generateSecret } from '#domain/stream-ids.ts';
import { DEFAULT_RTMP_LIMITS } from '#encoder/guard/rtmp-limits.ts';
import { WEBHOOK_TIMEOUT_MS } from '#functions/ingest-auth/webhook-authority.ts';
import { createIngestAuthClient, INGEST_AUTH_TIMEOUT_MS } from '#runtime/ingest-auth-client.ts';
import { SECRET_TIMEOUT_MS } from '#runtime/stored-secret.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import type { ListeningServer } from '#scripts/local/http-server.ts';
import { type LambdaHandler, startLambdaRuntime } from '#scripts/local/lambda-runtime.ts';

const ALLOWED = {
  allow: true,
  stream: { streamId: 's', playbackId: 'p', version: 7, ladder: '720p', latency: 'low', maxInputKbps: 5_256 },
} as const satisfies IngestAuthResponse;
const REFUSED = {
  allow: false,
  code: 'NetStream.Publish.BadName',
  description: 'Unknown.',
} as const satisfies IngestAuthResponse;

let runtime: ListeningServer | undefined;
let client: LambdaClient | undefined;

afterEach(async () => {
  client?.destroy();
  await runtime?.close();
  client = undefined;
  runtime = undefined;
});

async function ask(handler: LambdaHandler, { timeoutMs = 2_500, functionName = 'ingest-auth' } = {}) {
  runtime = await startLambdaRuntime({ functions: { 'ingest-auth': handler }, log: pino({ enabled: false }) });
  client = new LambdaClient({ endpoint: runtime.url, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS });
  const request = { streamKey: generateSecret(randomBytes), sourceAddress: '192.0.2.1' };
  return { request, answer: createIngestAuthClient({ functionName, client, timeoutMs })(request) };
}

test.each([ALLOWED, REFUSED, { ...REFUSED, streamId: 's' }])(
  'the decision %j comes back unchanged',
  async (decision) => {
    let asked: unknown;
    const { request, answer } = await ask(async (event) => {
      asked = event;
      return decision;
    });
    expect(await answer).toEqual(decision);
    expect(asked).toEqual(request);
  },
);

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a text', 'yes'],
  ['no decision', {}],
  ['a decision that is not a boolean', { ...ALLOWED, allow: 'true' }],
  ['an allowance without a stream', { allow: true }],
  ['an unknown ladder', { allow: true, stream: { ...ALLOWED.stream, ladder: '4k' } }],
  ['an unknown latency', { allow: true, stream: { ...ALLOWED.stream, latency: 'none' } }],
  ['no input limit', { allow: true, stream: { ...ALLOWED.stream, maxInputKbps: undefined } }],
  ['an input limit of 0', { allow: true, stream: { ...ALLOWED.stream, maxInputKbps: 0 } }],
  ['an empty stream id', { allow: true, stream: { ...ALLOWED.stream, streamId: '' } }],
  ['an unknown code', { ...REFUSED, code: 'NetStream.Publish.Start' }],
])('%s is not a decision, and rejects', async (_name, value) => {
  const { answer } = await ask(async () => value);
  await expect(answer).rejects.toThrow();
});

test('a function that fails rejects, without its error message', async () => {
  const { answer } = await ask(async () => {
    throw new Error('internal details');
  });
  await expect(answer).rejects.toThrow(/^ingest-auth failed: Unhandled$/);
});

test('a function that does not answer in time rejects', async () => {
  const { answer } = await ask(() => new Promise(() => undefined), { timeoutMs: 50 });
  await expect(answer).rejects.toThrow(/abort/i);
});

test('there is time for a cold start and the slowest secret and backend, and the RTMP server waits longer', () => {
  const coldStartMs = 2_000;
  expect(INGEST_AUTH_TIMEOUT_MS).toBeGreaterThanOrEqual(SECRET_TIMEOUT_MS + WEBHOOK_TIMEOUT_MS + coldStartMs);
  expect(INGEST_AUTH_TIMEOUT_MS).toBeLessThan(DEFAULT_RTMP_LIMITS.decisionTimeoutMs);
});

test('a function that does not exist rejects', async () => {
  const { answer } = await ask(async () => ALLOWED, { functionName: 'another' });
  await expect(answer).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});
