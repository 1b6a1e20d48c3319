import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { maxInputKbps } from '#domain/ladders.ts';
import { generateSecret, hashSecret } from '#domain/stream-ids.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { createLambdaClient } from '#runtime/aws-clients.ts';
import { createIngestAuthClient, INGEST_AUTH_TIMEOUT_MS } from '#runtime/ingest-auth-client.ts';
import { useLocalAws } from '#scripts/local/aws-environment.ts';
import { LOCAL_DISTRIBUTION_ID } from '#scripts/local/cloudfront.ts';
import { createHttpApi } from '#scripts/local/http-api.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';
import { startLambdaRuntime } from '#scripts/local/lambda-runtime.ts';

const ENDPOINTS = {
  dynamoDbUrl: 'http://127.0.0.1:1',
  lambdaUrl: 'http://127.0.0.1:2',
  cloudFrontUrl: 'http://127.0.0.1:3',
};

test("removes the user's own AWS settings and keeps everything else", () => {
  const environment: NodeJS.ProcessEnv = { AWS_PROFILE: 'mine', AWS_ENDPOINT_URL: 'https://example.com', PATH: '/bin' };
  useLocalAws(environment, ENDPOINTS);
  expect(environment).toMatchObject({
    PATH: '/bin',
    AWS_ENDPOINT_URL_DYNAMODB: ENDPOINTS.dynamoDbUrl,
    AWS_ENDPOINT_URL_LAMBDA: ENDPOINTS.lambdaUrl,
    AWS_ENDPOINT_URL_CLOUDFRONT: ENDPOINTS.cloudFrontUrl,
  });
  expect(environment).not.toHaveProperty('AWS_PROFILE');
  expect(environment).not.toHaveProperty('AWS_ENDPOINT_URL');
});

test('a test can replace the local database with its own', () => {
  const environment: NodeJS.ProcessEnv = { LOCAL_DYNAMODB_URL: 'http://127.0.0.1:3' };
  useLocalAws(environment, ENDPOINTS);
  expect(environment.AWS_ENDPOINT_URL_DYNAMODB).toBe('http://127.0.0.1:3');
});

test('the bundled Lambda functions work with the local services', async () => {
  const log = pino({ enabled: false });
  const adminToken = generateSecret(randomBytes);
  const database = await startTemporaryDynamoDb();
  const functions: Record<string, (event: unknown) => Promise<unknown>> = {};
  const lambda = await startLambdaRuntime({ functions, log });
  useLocalAws(process.env, { dynamoDbUrl: database.url, lambdaUrl: lambda.url, cloudFrontUrl: lambda.url });
  Object.assign(process.env, TEST_TABLES, {
    LOG_LEVEL: 'fatal',
    DISTRIBUTION_ID: LOCAL_DISTRIBUTION_ID,
    PUBLISH_MODE: 'keys',
    ADMIN_TOKEN_HASHES: hashSecret(adminToken),
    DEFAULT_LADDER: '480p',
    DEFAULT_LATENCY: 'ultra',
    DEFAULT_CODECS: 'h264',
    DEFAULT_PLAYBACK: 'public',
    RTMP_URL: 'rtmp://127.0.0.1:1935/live',
    PLAYBACK_BASE_URL: 'http://127.0.0.1:8080',
    PAGE_FILE: fileURLToPath(new URL('../../../lib/site/watch/page.html', import.meta.url)),
  });
  functions['ingest-auth'] = (await import('#functions/ingest-auth/handler.ts')).handler;
  const { handler } = await import('#functions/control-api/handler.ts');
  const api = await listenOnLoopback(createServer(createHttpApi({ handler, now: Date.now, log })));
  const client = createLambdaClient();

  const headers = { Authorization: `Bearer ${adminToken}` };
  const created = await (await fetch(`${api.url}/api/streams`, { method: 'POST', headers })).json();
  const authorise = createIngestAuthClient({
    functionName: 'ingest-auth',
    client,
    timeoutMs: INGEST_AUTH_TIMEOUT_MS,
  });
  const { id: streamId, playbackId, version, title, ladder, latency } = created;
  expect({ ladder, latency }).toEqual({ ladder: '480p', latency: 'ultra' });
  expect(await authorise({ streamKey: created.streamKey, sourceAddress: '127.0.0.1' })).toEqual({
    allow: true,
    stream: {
      streamId,
      playbackId,
      version,
      title,
      ladder,
      latency,
      codecs: ['h264'],
      maxInputKbps: maxInputKbps(ladder),
    },
  });

  client.destroy();
  await api.close();
  await lambda.close();
  await database.close();
});
