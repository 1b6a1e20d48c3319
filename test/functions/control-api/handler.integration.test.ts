import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { generateSecret, hashSecret } from '#domain/stream-ids.ts';
import { type Bundle, bundleLambda } from '#scripts/bundle.ts';
import { loadBundle, makeBundleDir } from '#test/support/load-bundle.ts';

let outDir: string;
let bundle: Bundle;

beforeAll(async () => {
  outDir = await makeBundleDir('control-api');
  bundle = await bundleLambda('control-api', outDir);
});
afterAll(() => rm(outDir, { recursive: true }));

const REQUIRED = {
  LOG_LEVEL: 'info',
  STREAMS_TABLE: 'streams',
  STREAM_KEYS_TABLE: 'keys',
  LIVE_TABLE: 'live',
  TASKS_TABLE: 'tasks',
  ADMIN_TOKENS_TABLE: 'tokens',
  SESSIONS_TABLE: 'sessions',
  IDEMPOTENCY_TABLE: 'idempotency',
  AUDIT_TABLE: 'audit',
  EVENTS_TABLE: 'events',
  PURGES_TABLE: 'purges',
  DISTRIBUTION_ID: 'E2EXAMPLE',
  RTMP_URL: 'rtmp://ingest.example.com/live',
  PLAYBACK_BASE_URL: 'https://live.example.com',
  DEFAULT_LADDER: '720p',
  DEFAULT_LATENCY: 'low',
  DEFAULT_CODECS: 'h264',
  DEFAULT_PLAYBACK: 'public',
  PUBLISH_MODE: 'keys',
  PAGE_FILE: fileURLToPath(new URL('../../../lib/site/watch/page.html', import.meta.url)),
};

const load = (variables: Readonly<Record<string, string>>) => loadBundle(bundle.path, { ...REQUIRED, ...variables });

test.each([
  ['what it needs and nothing else', {}],
  ['an empty list of bootstrap tokens', { ADMIN_TOKEN_HASHES: '' }],
  ['a bootstrap token', { ADMIN_TOKEN_HASHES: hashSecret(generateSecret(randomBytes)) }],
  [
    "the edge's secret in Secrets Manager",
    { EDGE_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:a' },
  ],
  ['a backend that knows the streams', { PUBLISH_MODE: 'webhook' }],
  ['an address for RTMPS', { RTMPS_URL: 'rtmps://ingest.example.com/live' }],
])('it starts with %s', async (_case, variables) => {
  expect(await load(variables)).toMatchObject({ exitCode: 0 });
});

test.each([
  ['an unknown ladder', { DEFAULT_LADDER: '9p' }, "control-api can't start: DEFAULT_LADDER must be one of 2160p"],
  ['no page', { PAGE_FILE: 'missing.html' }, 'missing.html'],
  ['no latency profile', { DEFAULT_LATENCY: '' }, "control-api can't start: DEFAULT_LATENCY is missing"],
])('it does not start with %s', async (_case, variables, message) => {
  const { exitCode, stderr } = await load(variables);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(message);
});
