import { randomBytes } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { generateSecret } from '#domain/stream-ids.ts';
import { type Bundle, bundleLambda } from '#scripts/bundle.ts';
import { loadBundle, makeBundleDir } from '#test/support/load-bundle.ts';

/** A cold start reads the whole bundle. */
const SIZE_LIMIT_BYTES = 160 * 1024;

const WEBHOOK = {
  WEBHOOK_URL: 'https://backend.example.com/',
  DEFAULT_LADDER: '720p',
  DEFAULT_LATENCY: 'low',
  DEFAULT_CODECS: 'h264',
};

let outDir: string;
let bundle: Bundle;

beforeAll(async () => {
  outDir = await makeBundleDir('ingest-auth');
  bundle = await bundleLambda('ingest-auth', outDir);
});
afterAll(() => rm(outDir, { recursive: true }));

const load = (variables: Readonly<Record<string, string>>) => loadBundle(bundle.path, variables);

test('the bundle is small, and does not contain the SDK that the Lambda runtime has', async () => {
  expect((await stat(bundle.path)).size).toBeLessThan(SIZE_LIMIT_BYTES);
  expect(Object.keys(bundle.metafile.inputs).filter((path) => /@aws-sdk|@smithy/.test(path))).toEqual([]);
});

test('the SDK of Secrets Manager is only loaded on demand', () => {
  const [output] = Object.values(bundle.metafile.outputs);
  const imports = (output?.imports ?? []).filter(({ path }) => path === '@aws-sdk/client-secrets-manager');
  expect(imports.map(({ kind }) => kind)).toEqual(['dynamic-import']);
});

test.each([
  ['keys', { STREAMS_TABLE: 'streams', STREAM_KEYS_TABLE: 'keys' }],
  ['webhook', { ...WEBHOOK, WEBHOOK_SECRET: generateSecret(randomBytes) }],
  ['webhook', { ...WEBHOOK, WEBHOOK_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:a' }],
])('it starts in %s mode with only the variables of that mode', async (PUBLISH_MODE, variables) => {
  expect(await load({ PUBLISH_MODE, ...variables })).toMatchObject({ exitCode: 0 });
});

test.each([
  ['no mode', {}, "ingest-auth can't start: PUBLISH_MODE is missing"],
  ['keys mode without tables', { PUBLISH_MODE: 'keys' }, "ingest-auth can't start: STREAMS_TABLE is missing"],
  ['webhook mode without a secret', { PUBLISH_MODE: 'webhook', ...WEBHOOK }, 'or WEBHOOK_SECRET_ARN must be set'],
])('with %s it does not start', async (_name, variables, message) => {
  const { exitCode, stderr } = await load(variables);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(message);
});
