import type { RoleName } from '#domain/roles.ts';
import type { startControlApi } from './control-api.ts';

type ControlApi = Pick<Awaited<ReturnType<typeof startControlApi>>, 'url' | 'call'>;

/** Headers with which a page of the platform calls the API. */
export const OWN_PAGE = { 'Sec-Fetch-Site': 'same-origin' };

/** The secret of a new invitation. */
export async function invite(api: ControlApi, name: string, role: RoleName): Promise<string> {
  const { json } = await api.call('POST', '/api/invites', { body: { name, role } });
  return new URL(json.url).hash.replace('#invite=', '');
}

/** Signs in, and resolves to the answer. */
export const signIn = (api: ControlApi, body: object, headers: Record<string, string> = {}) =>
  fetch(`${api.url}/api/sessions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

/** `name=value` of the session's cookie. Fails if the answer sets none. */
export function cookieOf(answer: Response): string {
  const [cookie = ''] = answer.headers.getSetCookie();
  if (!/^[\w-]+=[a-z2-7]{32};/.test(cookie)) throw new Error(`no session: ${answer.status} ${cookie}`);
  return cookie.split(';', 1)[0] ?? '';
}

/** Somebody who has signed in, as a page of the studio calls the API. */
export class StudioSession {
  readonly #url: string;
  readonly cookie: string;
  readonly id: string;
  readonly personId: string | null;

  private constructor(url: string, cookie: string, { id, personId }: { id: string; personId: string | null }) {
    this.#url = url;
    this.cookie = cookie;
    this.id = id;
    this.personId = personId;
  }

  static async of(api: ControlApi, answer: Response): Promise<StudioSession> {
    return new StudioSession(api.url, cookieOf(answer), await answer.json());
  }

  /** Invites somebody who then signs in. */
  static async invited(api: ControlApi, name: string, role: RoleName): Promise<StudioSession> {
    return StudioSession.of(api, await signIn(api, { invite: await invite(api, name, role) }));
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = OWN_PAGE) {
    const json = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const answer = await fetch(`${this.#url}${path}`, {
      method,
      headers: { Cookie: this.cookie, ...json, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('Content-Type')?.includes('json') === true;
    return { status: answer.status, headers: answer.headers, json: isJson ? JSON.parse(text) : null };
  }
}
