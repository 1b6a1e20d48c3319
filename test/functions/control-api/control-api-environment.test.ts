import { randomBytes } from 'node:crypto';
import { generateSecret, hashSecret } from '#domain/stream-ids.ts';
import { readControlApiEnvironment } from '#functions/control-api/control-api-environment.ts';
import { nextViewerTokenKeys } from '#runtime/viewer-token-keys.ts';

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
  PAGE_FILE: 'watch.html',
};
const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:a';
const keys = nextViewerTokenKeys(null, randomBytes);

const read = (changes: NodeJS.ProcessEnv) => readControlApiEnvironment({ ...REQUIRED, ...changes });

test('what is required alone: no RTMPS, no event bus, no bootstrap tokens, no viewer tokens', () => {
  expect(read({})).toEqual({
    ...REQUIRED,
    DEFAULT_CODECS: ['h264'],
    RTMPS_URL: null,
    EVENT_BUS_NAME: null,
    EDGE_SECRET_ARN: null,
    API_DOMAIN: null,
    ADMIN_TOKEN_HASHES: [],
    viewerTokenKeys: null,
    oidc: null,
  });
});

test('a deployment has RTMP, RTMPS or both', () => {
  const RTMPS_URL = 'rtmps://ingest.example.com/live';
  expect(read({ RTMP_URL: undefined, RTMPS_URL })).toMatchObject({ RTMP_URL: null, RTMPS_URL });
  expect(() => read({ RTMP_URL: undefined })).toThrow('RTMP_URL or RTMPS_URL must be set');
});

test.each(Object.keys(REQUIRED).filter((name) => name !== 'RTMP_URL'))('%s is required', (name) => {
  expect(() => read({ [name]: '' })).toThrow(new RegExp(`^control-api can't start: ${name} is missing \\([^;]+\\)$`));
});

test.each([
  ['DEFAULT_LADDER', '9p', 'must be one of 2160p, 1440p, 1080p, 720p, 480p, 360p, not "9p"'],
  ['DEFAULT_LATENCY', 'lowest', 'must be one of ultra, low, standard, not "lowest"'],
  ['DEFAULT_CODECS', 'hevc', 'is invalid: h264 must be among them'],
  ['DEFAULT_PLAYBACK', 'private', 'must be one of public, token, not "private"'],
])('%s must not be %s', (name, value, problem) => {
  expect(() => read({ [name]: value })).toThrow(`${name} ${problem}`);
});

test('the hashes of bootstrap tokens, with or without spaces', () => {
  const [a, b] = [hashSecret(generateSecret(randomBytes)), hashSecret(generateSecret(randomBytes))];
  expect(read({ ADMIN_TOKEN_HASHES: a }).ADMIN_TOKEN_HASHES).toEqual([a]);
  expect(read({ ADMIN_TOKEN_HASHES: ` ${a} , ${b}` }).ADMIN_TOKEN_HASHES).toEqual([a, b]);
});

test.each([
  ['no hash', ','],
  ['a hash and an empty entry', `${hashSecret('a')},`],
  ['a token itself', generateSecret(randomBytes)],
  ['a hash in upper case', hashSecret('a').toUpperCase()],
  ['half a hash', hashSecret('a').slice(32)],
])('%s is refused, and not quoted', (_case, list) => {
  expect(() => read({ ADMIN_TOKEN_HASHES: list })).toThrow(
    'ADMIN_TOKEN_HASHES must be SHA-256 hashes in lower-case hex',
  );
  expect(() => read({ ADMIN_TOKEN_HASHES: list })).not.toThrow(`"${list}"`);
});

test('the keys of viewer tokens are at hand or stored, but not both', () => {
  const atHand = { VIEWER_TOKEN_KEYS: JSON.stringify(keys) };
  const stored = { VIEWER_TOKEN_SECRET_ARN: arn };
  expect(read(atHand).viewerTokenKeys).toEqual({ value: keys });
  expect(read(stored).viewerTokenKeys).toEqual({ arn });
  expect(() => read({ ...atHand, ...stored })).toThrow('VIEWER_TOKEN_KEYS and VIEWER_TOKEN_SECRET_ARN are both set');
});

test('keys that are wrong are not quoted', () => {
  const wrong = { VIEWER_TOKEN_KEYS: JSON.stringify({ ...keys, current: 'another' }) };
  expect(() => read(wrong)).toThrow('VIEWER_TOKEN_KEYS is invalid: ');
  expect(() => read(wrong)).not.toThrow(keys.keys[keys.current] as string);
});

describe('an OpenID Connect provider', () => {
  const provider = {
    OIDC_ISSUER: 'https://accounts.example.com/tenant',
    OIDC_CLIENT_ID: 'studio',
    OIDC_ROLE_CLAIM: 'cognito:groups',
    OIDC_ROLES: JSON.stringify({ owner: ['staff'], broadcaster: ['crew', 'guests'] }),
  };
  const settings = {
    issuer: 'https://accounts.example.com/tenant',
    clientId: 'studio',
    roleClaim: 'cognito:groups',
    roles: { owner: ['staff'], broadcaster: ['crew', 'guests'] },
  };
  const secret = generateSecret(randomBytes);

  test('it knows a public client, or one with a secret that is at hand or stored', () => {
    expect(read(provider).oidc).toEqual({ settings, clientSecret: null });
    expect(read({ ...provider, OIDC_CLIENT_SECRET: secret }).oidc?.clientSecret).toEqual({ value: secret });
    expect(read({ ...provider, OIDC_CLIENT_SECRET_ARN: arn }).oidc?.clientSecret).toEqual({ arn });
    expect(() => read({ ...provider, OIDC_CLIENT_SECRET: secret, OIDC_CLIENT_SECRET_ARN: arn })).toThrow(
      'OIDC_CLIENT_SECRET and OIDC_CLIENT_SECRET_ARN are both set',
    );
  });

  test.each(Object.keys(provider))('%s belongs to the others', (name) => {
    expect(() => read({ ...provider, [name]: '' })).toThrow(`${name} is missing, but OIDC_`);
  });

  test.each(['OIDC_CLIENT_SECRET', 'OIDC_CLIENT_SECRET_ARN'])('%s alone means nothing', (name) => {
    expect(() => read({ [name]: secret })).toThrow(`OIDC_ISSUER is missing, but ${name} is set`);
    expect(() => read({ [name]: secret })).not.toThrow(secret);
  });

  test.each([
    ['OIDC_ISSUER', 'http://accounts.example.com', 'must be an https URL'],
    ['OIDC_ISSUER', 'accounts.example.com', 'must be an https URL'],
    ['OIDC_ISSUER', 'https://accounts.example.com/?a=b', 'must be an https URL'],
    ['OIDC_ROLES', 'staff', 'is invalid: '],
    ['OIDC_ROLES', '{}', 'is invalid: name at least one role'],
    ['OIDC_ROLES', '{"admin": ["staff"]}', 'is invalid: '],
    ['OIDC_ROLES', '{"owner": []}', 'is invalid: owner: Too small'],
    ['OIDC_ROLES', '{"owner": "staff"}', 'is invalid: owner: Invalid input: expected array'],
  ])('%s must not be %s', (name, value, problem) => {
    expect(() => read({ ...provider, [name]: value })).toThrow(`${name} ${problem}`);
  });

  test('on this machine, a provider needs no TLS', () => {
    for (const issuer of ['http://127.0.0.1:4000', 'http://localhost:4000/a', 'http://[::1]:4000'])
      expect(read({ ...provider, OIDC_ISSUER: issuer }).oidc?.settings.issuer).toBe(issuer);
  });
});

test('one error lists everything that is missing or wrong', () => {
  const source = { ...REQUIRED, LIVE_TABLE: '', DEFAULT_LADDER: '9p', ADMIN_TOKEN_HASHES: ',' };
  expect(() => readControlApiEnvironment(source)).toThrow(
    /LIVE_TABLE is .*; DEFAULT_LADDER must .*; ADMIN_TOKEN_HASHES/,
  );
});
