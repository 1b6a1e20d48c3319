import { signal } from '@preact/signals';
import type { TokenScope } from '#domain/admin-tokens.ts';
import type { RoleName } from '#domain/roles.ts';
import { ApiFailure, callApi, isSignedOut } from './api.ts';

/** Who is signed in, as the API says it. */
export interface CurrentSession {
  readonly id: string;
  readonly name: string;
  /** Null if an admin token signed in. */
  readonly role: RoleName | null;
  /** What it may do: the scope and those that it includes. */
  readonly scopes: readonly TokenScope[];
  /** The only stream that the session is for. Null for all that the person may see. */
  readonly streamId: string | null;
}

/** Why a try to sign in failed, or why somebody is signed out. */
export type SignInProblem = 'used-invite' | 'bad-token' | 'ended' | 'no-cookie' | 'refused' | 'failed';

export type SessionState =
  | { readonly state: 'checking' }
  | { readonly state: 'unreachable' }
  /** `reason` says why a try to sign in failed. Null without one. */
  | {
      readonly state: 'signed-out';
      readonly reason: SignInProblem | null;
    }
  | { readonly state: 'signed-in'; readonly session: CurrentSession };

export const session = signal<SessionState>({ state: 'checking' });

isSignedOut.subscribe((isOut) => {
  if (isOut && session.value.state === 'signed-in') session.value = { state: 'signed-out', reason: 'ended' };
});

/** Finds out who is signed in. `problem` is what the provider's sign-in ended with. */
export async function checkSession(problem: SignInProblem | null = null): Promise<void> {
  session.value = { state: 'checking' };
  session.value = await readSession(problem);
}

/** Exchanges an invitation or an admin token for a session, whose cookie replaces one that is there. */
export async function signIn(credential: { readonly invite: string } | { readonly token: string }): Promise<void> {
  const refused = 'invite' in credential ? 'used-invite' : 'bad-token';
  try {
    await callApi({ method: 'POST', path: '/api/sessions', body: credential });
  } catch (error) {
    const isRefused = error instanceof ApiFailure && [401, 422].includes(error.status ?? 0);
    session.value = { state: 'signed-out', reason: isRefused ? refused : 'failed' };
    return;
  }
  session.value = await readSession('no-cookie');
}

/** Ends the session at the API, and then here. Without an answer, nobody knows whether it has ended. */
export async function signOut(): Promise<void> {
  const isOut = await callApi({ method: 'DELETE', path: '/api/sessions/current' }).then(
    () => true,
    (error: unknown) => error instanceof ApiFailure && error.status === 401,
  );
  session.value = isOut ? { state: 'signed-out', reason: null } : { state: 'unreachable' };
}

/** `unknown` is why somebody is not signed in who should be. */
async function readSession(unknown: SignInProblem | null): Promise<SessionState> {
  try {
    const current = await callApi<CurrentSession>({ path: '/api/sessions/current' });
    isSignedOut.value = false;
    return { state: 'signed-in', session: current };
  } catch (error) {
    const isOut = error instanceof ApiFailure && error.status === 401;
    return isOut ? { state: 'signed-out', reason: unknown } : { state: 'unreachable' };
  }
}

/** Whether the person who is signed in may do what needs a scope. */
export const may = (scope: TokenScope): boolean =>
  session.value.state === 'signed-in' && session.value.session.scopes.includes(scope);
