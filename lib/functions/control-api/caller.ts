import type { Context } from 'hono';
import type { TokenScope } from '#domain/admin-tokens.ts';
import type { SessionRecord } from '#domain/sessions.ts';
import type { StreamOwner } from '#domain/streams.ts';
import type { NotedChange } from './audit-notes.ts';
import type { Credential } from './credentials.ts';

/** The streams that exist for a caller: all, a single one, or those that a person owns. */
export type Reach =
  | { readonly kind: 'all' }
  | { readonly kind: 'stream'; readonly streamId: string }
  | { readonly kind: 'person'; readonly personId: string };

/** Who sent a request, and what that allows. */
export interface Caller {
  /** Of the admin token or the session. */
  readonly id: string;
  readonly name: string;
  readonly scope: TokenScope;
  readonly reach: Reach;
  /** Owns the streams that this caller creates. Null for tokens. */
  readonly person: StreamOwner | null;
  /** Null for a token that was sent with the request itself. */
  readonly session: SessionRecord | null;
}

/** What middleware and routes tell each other about a request. */
declare module 'hono' {
  interface ContextVariableMap {
    /** Null if the request shows nothing, or an Authorization header of another form. */
    credential: Credential | null;
    /** Undefined on public routes. */
    caller: Caller | undefined;
    notedChange: NotedChange | undefined;
    /** Whether an earlier request with the same Idempotency-Key did everything. */
    isRepeat: boolean | undefined;
  }
}

/** Who sent this request. Throws on a public route. */
export function callerOf(context: Context): Caller {
  const caller = context.get('caller');
  if (caller === undefined) throw new Error(`nobody is known to call ${context.req.path}`);
  return caller;
}
