import { randomBytes } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import { generateSecret } from '#domain/stream-ids.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';

/** What the provider says of somebody who signs in. */
type Account = Readonly<Record<string, unknown>>;

/** A client that shows a secret, a public one, and one that is none of ours. */
const CLIENT_IDS = { confidential: 'studio', public: 'public-studio', other: 'another-site' } as const;

/**
 * An OpenID Connect provider on this machine that knows these accounts by what they type as their name. `state.changeToken` changes the
 * ID tokens that it gives out.
 */
export async function startIdentityProvider(callbackUrl: string, accounts: Readonly<Record<string, Account>>) {
  const { Provider } = await withoutWarnings(() => import('oidc-provider'));
  const clientSecret = generateSecret(randomBytes);
  const requests: string[] = [];
  const state: { changeToken: ((idToken: string) => string) | null } = { changeToken: null };
  let answer: ReturnType<Provider['callback']> | null = null;
  const server = await listenOnLoopback(
    createServer((request, response) => {
      requests.push(`${request.method} ${request.url?.split('?', 1)[0]}`);
      if (request.url === '/token') changeTokens(response, (idToken) => state.changeToken?.(idToken) ?? idToken);
      answer?.(request, response);
    }),
  );
  const client = { redirect_uris: [callbackUrl], grant_types: ['authorization_code'], response_types: ['code'] };
  const configuration = {
    clients: [
      { ...client, client_id: CLIENT_IDS.confidential, client_secret: clientSecret },
      { ...client, client_id: CLIENT_IDS.public, token_endpoint_auth_method: 'none' },
      { ...client, client_id: CLIENT_IDS.other, client_secret: generateSecret(randomBytes) },
    ],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email'], groups: ['groups'] },
    pkce: { required: () => true },
    cookies: { keys: [generateSecret(randomBytes)] },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: async () => ({ sub: id, ...accounts[id] }),
    }),
    ttl: { Interaction: 60, Session: 60, Grant: 60, AccessToken: 60, IdToken: 60 },
  };
  const provider = await withoutWarnings(async () => new Provider(server.url, configuration));
  answer = provider.callback();
  return { url: server.url, clientIds: CLIENT_IDS, clientSecret, requests, state, close: server.close };
}

/** Changes the ID token on its way. The length stays. */
function changeTokens(response: ServerResponse, change: (idToken: string) => string): void {
  const end = response.end.bind(response);
  response.end = ((body?: string | Buffer) =>
    end(String(body ?? '').replace(/(?<="id_token":")[^"]+/, change))) as typeof response.end;
}

/** The provider warns of what is for tests only, such as pages that take any password, and of old versions of Node.js. */
async function withoutWarnings<Made>(make: () => Promise<Made>): Promise<Made> {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return await make();
  } finally {
    console.warn = warn;
  }
}

/** A browser as far as signing in needs one: it keeps cookies by host, and shows where it is led. */
export class CookieBrowser {
  readonly #jars = new Map<string, Map<string, string>>();

  /** Asks without following. */
  async ask(url: string | URL, form: Readonly<Record<string, string>> | null = null): Promise<Response> {
    const jar = this.cookiesOf(url);
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { Cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === null ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    return answer;
  }

  cookiesOf(url: string | URL): Map<string, string> {
    const { host } = new URL(url);
    const jar = this.#jars.get(host) ?? new Map<string, string>();
    this.#jars.set(host, jar);
    return jar;
  }

  /** Signs in at the provider, from the page that the deployment leads to. Resolves to where the provider leads back. */
  async signInAt(authorizationUrl: string | URL, login: string): Promise<URL> {
    let url = new URL(authorizationUrl);
    const { host } = url;
    for (let step = 0; step < 20 && url.host === host; step += 1) {
      const isForm = url.pathname.startsWith('/interaction/');
      const form = isForm ? await this.#formAt(url, login) : null;
      const answer = await this.ask(url, form);
      const location = answer.headers.get('Location');
      if (location === null) throw new Error(`${url.pathname} answered ${answer.status} ${await answer.text()}`);
      url = new URL(location, url);
    }
    return url;
  }

  async #formAt(url: URL, login: string): Promise<Readonly<Record<string, string>>> {
    const page = await (await this.ask(url)).text();
    return /name="prompt" value="login"/.test(page) ? { prompt: 'login', login, password: 'a' } : { prompt: 'consent' };
  }
}
