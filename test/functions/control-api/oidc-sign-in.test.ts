import { OIDC_SESSION_LIFETIME_MS, oidcPersonId } from '#domain/sessions.ts';
import { createOidcProvider, type OidcProviderOptions } from '#functions/control-api/oidc-provider.ts';
import { CookieBrowser, startIdentityProvider } from '#test/support/identity-provider.ts';
import { StudioSession } from '#test/support/studio-session.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

/** Where viewers come in, as the API is told in tests. */
const BASE_URL = 'http://127.0.0.1:8080';
const CALLBACK_PATH = '/api/sign-in/oidc/callback';
const COOKIE = '__Host-headend-sign-in';
const SESSION_COOKIE = '__Host-headend-session';
const ROLES = { producer: ['editors'], broadcaster: ['crew', 'guests'] };

let provider: Awaited<ReturnType<typeof startIdentityProvider>>;
let api: ApiWithDatabase;
let nowMs = Date.now();

const providerOptions = (): OidcProviderOptions => ({
  settings: { issuer: provider.url, clientId: provider.clientIds.confidential, roleClaim: 'groups', roles: ROLES },
  clientSecret: async () => provider.clientSecret,
  callbackUrl: `${BASE_URL}${CALLBACK_PATH}`,
  now: () => nowMs,
});

const UNLIMITED = { perSecond: 1_000_000, capacity: 1_000_000 };
const STRANGERS = { perNetwork: UNLIMITED, together: UNLIMITED };
const NO_LIMITS = { perToken: UNLIMITED, anonymous: STRANGERS, unknownTokens: STRANGERS };

beforeAll(async () => {
  provider = await startIdentityProvider(`${BASE_URL}${CALLBACK_PATH}`, {
    ada: { name: 'Ada', groups: ['crew', 'editors'] },
    grace: { preferred_username: 'grace', name: ' ', groups: 'guests' },
    eve: { name: 'Eve', groups: ['visitors'] },
    mallory: { name: 'Mallory' },
  });
  const oidc = createOidcProvider(providerOptions());
  api = await startApiWithDatabase(() => nowMs, { oidc, callerRates: NO_LIMITS });
});
afterAll(async () => {
  await api.close();
  await provider.close();
});

/** Where the deployment is in this test. */
const here = (url: URL): URL => new URL(`${url.pathname}${url.search}`, api.url);

/** Goes to the provider. */
async function start(browser: CookieBrowser): Promise<URL> {
  const answer = await browser.ask(`${api.url}/api/sign-in/oidc`);
  expect([answer.status, answer.headers.get('Cache-Control')]).toEqual([302, 'no-store']);
  return new URL(answer.headers.get('Location') ?? '');
}

/** The whole way of somebody who signs in, up to the answer of the deployment. `change` is what goes wrong on it. */
async function signIn(login: string, change: (url: URL) => void = () => undefined) {
  const browser = new CookieBrowser();
  const url = await start(browser);
  change(url);
  const back = here(await browser.signInAt(url, login));
  return { browser, back, answer: await browser.ask(back) };
}

const led = ({ status, headers }: Response) => [status, headers.get('Location')];
const REFUSED = [302, '/studio/#sign-in=refused'];
const FAILED = [302, '/studio/#sign-in=failed'];

async function sessionOf(browser: CookieBrowser) {
  const answer = await browser.ask(`${api.url}/api/sessions/current`);
  return { status: answer.status, json: await answer.json() };
}

test('the studio learns where people sign in', async () => {
  const { json } = await api.call('GET', '/api/sign-in');
  expect(json).toEqual({ oidc: { url: `${BASE_URL}/api/sign-in/oidc`, name: new URL(provider.url).host } });
});

test('the way to the provider shows nothing of what the browser keeps, and asks for a code with PKCE', async () => {
  const answer = await fetch(`${api.url}/api/sign-in/oidc`, { redirect: 'manual' });
  const [cookie = '', ...others] = answer.headers.getSetCookie();
  expect([cookie, others]).toEqual([
    expect.stringMatching(`^${COOKIE}=[a-z2-7]{32}; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax$`),
    [],
  ]);
  const url = new URL(answer.headers.get('Location') ?? '');
  expect(url.origin).toBe(provider.url);
  const secret = /=([a-z2-7]+)/.exec(cookie)?.[1] ?? '';
  expect(url.href).not.toContain(secret);
  const random = expect.stringMatching(/^[\w-]{43}$/);
  expect(Object.fromEntries(url.searchParams)).toEqual({
    response_type: 'code',
    client_id: provider.clientIds.confidential,
    redirect_uri: `${BASE_URL}${CALLBACK_PATH}`,
    scope: 'openid profile email groups',
    code_challenge_method: 'S256',
    ...{ state: random, nonce: random, code_challenge: random },
  });
});

test('somebody with a role gets a session, and the trail says so', async () => {
  const { browser, answer } = await signIn('ada');
  expect(led(answer)).toEqual([302, '/studio/']);
  const [first, second] = answer.headers.getSetCookie();
  expect(first).toBe(`${COOKIE}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax`);
  const seconds = OIDC_SESSION_LIFETIME_MS / 1000;
  expect(second).toMatch(
    new RegExp(`^${SESSION_COOKIE}=[a-z2-7]{32}; Max-Age=${seconds}; Path=/; HttpOnly; Secure; SameSite=Strict$`),
  );
  const { json } = await sessionOf(browser);
  expect(json).toMatchObject({
    ...{ name: 'Ada', role: 'producer', scope: 'streams:write', isCurrent: true },
    personId: oidcPersonId(provider.url, 'ada'),
    expiresAt: new Date(nowMs + OIDC_SESSION_LIFETIME_MS).toISOString(),
  });
  const [entry] = (await api.call('GET', '/api/audit')).json.entries;
  expect(entry).toMatchObject({
    ...{ action: `GET ${CALLBACK_PATH}`, path: CALLBACK_PATH, tokenId: json.id, tokenName: 'Ada', before: null },
    after: { role: 'producer', personId: json.personId },
  });
  expect(JSON.stringify([entry, api.logLines])).not.toContain(browser.cookiesOf(api.url).get(SESSION_COOKIE));
});

test('the same person comes back to their own streams, and an invited person of the same name is somebody else', async () => {
  const [first, second] = [await signIn('grace'), await signIn('grace')];
  const [a, b] = [await sessionOf(first.browser), await sessionOf(second.browser)];
  // A name of spaces is none.
  expect(a.json).toMatchObject({ name: 'grace', role: 'broadcaster' });
  expect([b.json.personId, b.json.id === a.json.id]).toEqual([a.json.personId, false]);
  const invited = await StudioSession.invited(api, 'grace', 'broadcaster');
  expect(invited.personId).not.toBe(a.json.personId);
});

test('a session ends after twelve hours, whatever the provider says', async () => {
  const { browser } = await signIn('ada');
  nowMs += OIDC_SESSION_LIFETIME_MS;
  expect((await sessionOf(browser)).status).toBe(401);
  nowMs -= OIDC_SESSION_LIFETIME_MS;
});

test.each(['eve', 'mallory'])('nobody without a role gets in: %s', async (login) => {
  const { browser, answer } = await signIn(login);
  expect(led(answer)).toEqual(REFUSED);
  expect([...browser.cookiesOf(api.url).keys()]).toEqual([]);
});

test('a callback works once, in the browser that has started it', async () => {
  const { browser, back } = await signIn('ada');
  const used = browser.cookiesOf(api.url).get(SESSION_COOKIE);
  // The browser has lost its cookie by now.
  expect(led(await browser.ask(back))).toEqual(FAILED);
  expect(browser.cookiesOf(api.url).get(SESSION_COOKIE)).toBe(used);

  const other = new CookieBrowser();
  await start(other);
  expect(led(await other.ask(back))).toEqual(FAILED);
  expect([...other.cookiesOf(api.url).keys()]).toEqual([]);
});

test('somebody who kept the cookie can not use a code again', async () => {
  const browser = new CookieBrowser();
  const back = here(await browser.signInAt(await start(browser), 'ada'));
  const kept = new Map(browser.cookiesOf(api.url));
  expect(led(await browser.ask(back))).toEqual([302, '/studio/']);
  const copy = new CookieBrowser();
  for (const [name, value] of kept) copy.cookiesOf(api.url).set(name, value);
  expect(led(await copy.ask(back))).toEqual(FAILED);
  expect(api.logLines.at(-1)).toContain('invalid_grant');
});

test.each<[string, (url: URL) => void]>([
  ['another nonce', ({ searchParams }) => searchParams.set('nonce', 'a'.repeat(43))],
  ['another PKCE challenge', ({ searchParams }) => searchParams.set('code_challenge', 'a'.repeat(43))],
  ["another site's code", ({ searchParams }) => searchParams.set('client_id', provider.clientIds.other)],
])('%s is refused, though the state is right', async (_what, change) => {
  const { browser, answer } = await signIn('ada', change);
  expect(led(answer)).toEqual(FAILED);
  expect([...browser.cookiesOf(api.url).keys()]).toEqual([]);
});

/** The claims of a token with some changed, under the signature of the others. */
const withClaims = (change: (json: string) => string) => (idToken: string) => {
  const [header, payload = '', signature] = idToken.split('.');
  const json = Buffer.from(payload, 'base64url').toString();
  expect(change(json)).not.toBe(json);
  return [header, Buffer.from(change(json)).toString('base64url'), signature].join('.');
};

test.each<[string, (idToken: string) => string, string]>([
  ['is for another client', withClaims((json) => json.replace('"aud":"studio"', '"aud":"studia"')), 'CLAIM'],
  ['is from another issuer', withClaims((json) => json.replace('"iss":"http:', '"iss":"httq:')), 'CLAIM'],
  ['has expired', withClaims((json) => json.replace(/"exp":\d{10}/, '"exp":1000000000')), 'TIMESTAMP'],
  ['was changed after it was signed', withClaims((json) => json.replace('"sub":"ada"', '"sub":"eva"')), 'signature'],
])('an ID token that %s is refused', async (_what, change, reason) => {
  provider.state.changeToken = change;
  try {
    expect(led((await signIn('ada')).answer)).toEqual(FAILED);
  } finally {
    provider.state.changeToken = null;
  }
  expect(api.logLines.at(-1)).toContain(reason);
  expect(api.logLines.at(-1)).not.toMatch(/eyJ|"ada"|studi/);
});

test('a foreign answer makes nobody ask the provider, and no answer leads elsewhere', async () => {
  const browser = new CookieBrowser();
  await start(browser);
  const asked = provider.requests.length;
  for (const query of ['', '?code=a', '?code=a&state=b', '?error=access_denied&state=b', '?state=&state=a', '?%00']) {
    const answer = await browser.ask(
      `${api.url}${CALLBACK_PATH}${query}${query === '' ? '?' : '&'}next=//evil.example`,
    );
    expect([query, ...led(answer)]).toEqual([query, ...FAILED]);
    await start(browser);
  }
  expect(provider.requests.length).toBe(asked);
});

test('somebody who turns back at the provider is told that it failed', async () => {
  const browser = new CookieBrowser();
  const { searchParams } = await start(browser);
  const back = new URL(`${api.url}${CALLBACK_PATH}?error=access_denied&iss=${encodeURIComponent(provider.url)}`);
  back.searchParams.set('state', searchParams.get('state') ?? '');
  expect(led(await browser.ask(back))).toEqual(FAILED);
});

test('the discovery document is read once an hour', async () => {
  const readings = () => provider.requests.filter((request) => request.endsWith('/.well-known/openid-configuration'));
  const before = readings().length;
  await start(new CookieBrowser());
  expect(readings()).toHaveLength(before);
  nowMs += 60 * 60_000;
  await Promise.all([start(new CookieBrowser()), start(new CookieBrowser())]);
  expect(readings()).toHaveLength(before + 1);
  nowMs -= 60 * 60_000;
});

describe('other deployments', () => {
  const deployments: Awaited<ReturnType<typeof startApiWithDatabase>>[] = [];
  afterAll(() => Promise.all(deployments.map((deployment) => deployment.close())));
  const deploy = async (options: OidcProviderOptions | null, callerRates = NO_LIMITS) => {
    const oidc = options === null ? null : createOidcProvider(options);
    const deployment = await startApiWithDatabase(() => nowMs, { oidc, callerRates });
    deployments.push(deployment);
    return deployment;
  };
  const withSettings = (changes: object): OidcProviderOptions => {
    const { settings, ...others } = providerOptions();
    return { ...others, settings: { ...settings, ...changes } };
  };

  test('a public client shows no secret', async () => {
    const { url } = await deploy({ ...withSettings({ clientId: provider.clientIds.public }), clientSecret: null });
    const browser = new CookieBrowser();
    const [{ headers }] = [await browser.ask(`${url}/api/sign-in/oidc`)];
    const back = await browser.signInAt(headers.get('Location') ?? '', 'ada');
    expect(led(await browser.ask(new URL(`${back.pathname}${back.search}`, url)))).toEqual([302, '/studio/']);
  });

  test.each<[string, () => OidcProviderOptions]>([
    ['does not answer', () => withSettings({ issuer: 'http://127.0.0.1:9' })],
    ['calls itself something else', () => withSettings({ issuer: provider.url.replace('127.0.0.1', 'localhost') })],
    ['is not there', () => withSettings({ issuer: `${provider.url}/nothing` })],
  ])('a provider that %s is a 503, and links still work', async (_what, options) => {
    const deployment = await deploy(options());
    const answer = await fetch(`${deployment.url}/api/sign-in/oidc`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('Retry-After'), answer.headers.getSetCookie()]).toEqual([503, '5', []]);
    expect((await StudioSession.invited(deployment, 'Ada', 'owner')).personId).not.toBeNull();
  });

  test('a secret that can not be read is a 503 of the callback, which keeps the cookie for another try', async () => {
    const clientSecret = async () => Promise.reject(new Error('gone'));
    const { url } = await deploy({ ...providerOptions(), clientSecret });
    const browser = new CookieBrowser();
    const { headers } = await browser.ask(`${url}/api/sign-in/oidc`);
    const back = await browser.signInAt(headers.get('Location') ?? '', 'ada');
    expect((await browser.ask(new URL(`${back.pathname}${back.search}`, url))).status).toBe(503);
    expect([...browser.cookiesOf(url).keys()]).toEqual([COOKIE]);
  });

  test('without a provider, there is no such way', async () => {
    const { url } = await deploy(null);
    expect(await (await fetch(`${url}/api/sign-in`)).json()).toEqual({ oidc: null });
    for (const path of ['/api/sign-in/oidc', `${CALLBACK_PATH}?code=a&state=b`])
      expect((await fetch(`${url}${path}`, { redirect: 'manual' })).status).toBe(404);
  });

  test('attempts are limited like those with tokens', async () => {
    const few = { perNetwork: { perSecond: 0.001, capacity: 2 }, together: UNLIMITED };
    const { url } = await deploy(providerOptions(), { ...NO_LIMITS, unknownTokens: few });
    const statuses = [];
    for (const path of ['/api/sign-in/oidc', CALLBACK_PATH, '/api/sign-in/oidc', CALLBACK_PATH, '/api/sign-in'])
      statuses.push((await fetch(`${url}${path}`, { redirect: 'manual' })).status);
    expect(statuses).toEqual([302, 302, 429, 429, 200]);
  });
});
