import type { Context } from 'hono';
import type { AdminTokenRecord } from '#domain/admin-tokens.ts';
import type { NotedChange } from './audit-notes.ts';

/** Who sent a request, and what the token allows. */
export interface Caller extends Pick<AdminTokenRecord, 'scope' | 'streamId' | 'name'> {
  readonly tokenId: string;
}

/** What middleware and routes tell each other about a request. */
declare module 'hono' {
  interface ContextVariableMap {
    /** Undefined on routes that need no token. */
    caller: Caller | undefined;
    notedChange: NotedChange | undefined;
    /** Whether an earlier request with the same Idempotency-Key did everything. */
    isRepeat: boolean | undefined;
  }
}

/** Who sent this request. Throws on a route that needs no token. */
export function callerOf(context: Context): Caller {
  const caller = context.get('caller');
  if (caller === undefined) throw new Error(`nobody is known to call ${context.req.path}`);
  return caller;
}
