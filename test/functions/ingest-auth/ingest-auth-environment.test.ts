import { randomBytes } from 'node:crypto';
import { variablesOf } from '#domain/environment.ts';
import { generateSecret } from '#domain/stream-ids.ts';
import { readIngestAuthEnvironment } from '#functions/ingest-auth/ingest-auth-environment.ts';

const secret = generateSecret(randomBytes);
const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:a';

const KEYS_MODE = { LOG_LEVEL: 'info', PUBLISH_MODE: 'keys', STREAMS_TABLE: 'streams', STREAM_KEYS_TABLE: 'keys' };
const WEBHOOK_MODE = {
  LOG_LEVEL: 'info',
  PUBLISH_MODE: 'webhook',
  WEBHOOK_URL: 'https://backend.example.com/publish',
  DEFAULT_LADDER: '720p',
  DEFAULT_LATENCY: 'low',
  DEFAULT_CODECS: 'h264',
};
const SECRET_AT_HAND = { ...WEBHOOK_MODE, WEBHOOK_SECRET: secret };
const STORED_SECRET = { ...WEBHOOK_MODE, WEBHOOK_SECRET_ARN: arn };

test('the modes read every variable of the process, and no others', () => {
  const names = [KEYS_MODE, SECRET_AT_HAND, STORED_SECRET].flatMap((variables) => Object.keys(variables));
  expect([...new Set(names)].toSorted()).toEqual(variablesOf('ingest-auth').toSorted());
});

test('keys mode has the names of the tables', () => {
  expect(readIngestAuthEnvironment(KEYS_MODE)).toEqual(KEYS_MODE);
});

test.each([
  ['at hand', SECRET_AT_HAND, { value: secret }],
  ['in Secrets Manager', STORED_SECRET, { arn }],
])('webhook mode has a URL, defaults and a secret %s', (_place, source, webhookSecret) => {
  const { WEBHOOK_URL, DEFAULT_CODECS, ...others } = WEBHOOK_MODE;
  const parsed = { WEBHOOK_URL: new URL(WEBHOOK_URL), DEFAULT_CODECS: DEFAULT_CODECS.split(','), webhookSecret };
  expect(readIngestAuthEnvironment(source)).toEqual({ ...others, ...parsed });
});

test.each([
  ...Object.keys(KEYS_MODE).map((name) => [KEYS_MODE, name] as const),
  ...Object.keys(WEBHOOK_MODE).map((name) => [SECRET_AT_HAND, name] as const),
])('of %j, %s is required', (source, name) => {
  expect(() => readIngestAuthEnvironment({ ...source, [name]: '' })).toThrow(
    new RegExp(`^ingest-auth can't start: ${name} is missing \\([^;]+\\)$`),
  );
});

test.each([
  ['PUBLISH_MODE', 'both', 'must be one of keys, webhook, not "both"'],
  ['DEFAULT_LADDER', '4k', 'must be one of 2160p, 1440p, 1080p, 720p, 480p, 360p, not "4k"'],
  ['DEFAULT_LATENCY', 'toString', 'must be one of ultra, low, standard, not "toString"'],
  ['DEFAULT_CODECS', 'h264,vp9', 'is invalid: must be of h264, hevc, av1, separated by commas'],
  ['DEFAULT_CODECS', 'hevc', 'is invalid: h264 must be among them'],
])('%s must not be %s', (name, value, problem) => {
  expect(() => readIngestAuthEnvironment({ ...SECRET_AT_HAND, [name]: value })).toThrow(`${name} ${problem}`);
});

test.each([
  'https://backend.example.com/publish?a=b',
  'https://198.51.100.7:8443/',
  'http://127.0.0.1:8080/publish',
  'http://127.1.2.3/',
  'http://localhost:8080/publish',
  'http://[::1]:8080/publish',
])('the backend may be at %s', (url) => {
  const environment = readIngestAuthEnvironment({ ...SECRET_AT_HAND, WEBHOOK_URL: url });
  expect(environment).toMatchObject({ WEBHOOK_URL: new URL(url) });
});

test.each([
  'backend.example.com/publish',
  '/publish',
  'http://backend.example.com/publish',
  'http://198.51.100.7/',
  'http://127.0.0.1.example.com/',
  'http://localhost.example.com/',
  'ftp://127.0.0.1/',
  'file:///etc/passwd',
  'https://user@backend.example.com/',
  'https://:password@backend.example.com/',
  'https://backend.example.com/#fragment',
])('the backend cannot be at %s', (url) => {
  const read = () => readIngestAuthEnvironment({ ...SECRET_AT_HAND, WEBHOOK_URL: url });
  expect(read).toThrow(/^ingest-auth can't start: WEBHOOK_URL must [^;]+(; requests are signed [^;]+)?$/);
  expect(read).not.toThrow('password');
});

test('webhook mode needs one secret and no second one, and an error quotes neither', () => {
  const neither = () => readIngestAuthEnvironment(WEBHOOK_MODE);
  expect(neither).toThrow('WEBHOOK_SECRET or WEBHOOK_SECRET_ARN must be set');
  const both = () => readIngestAuthEnvironment({ ...SECRET_AT_HAND, ...STORED_SECRET });
  expect(both).toThrow('WEBHOOK_SECRET and WEBHOOK_SECRET_ARN are both set');
  const short = secret.slice(1);
  const guessable = () => readIngestAuthEnvironment({ ...WEBHOOK_MODE, WEBHOOK_SECRET: short });
  expect(guessable).toThrow('WEBHOOK_SECRET must have at least 32 characters');
  for (const read of [both, guessable]) expect(read).not.toThrow(short);
});

test('one error lists everything that is missing or wrong', () => {
  expect(() => readIngestAuthEnvironment({ PUBLISH_MODE: 'webhook', WEBHOOK_URL: 'backend' })).toThrow(
    /LOG_LEVEL is .*; WEBHOOK_URL must .*; DEFAULT_LADDER is .*; DEFAULT_LATENCY is .*; WEBHOOK_SECRET or /,
  );
});
