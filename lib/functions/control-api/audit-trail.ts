import type { Context, MiddlewareHandler } from 'hono';
import type { Logger } from 'pino';
import type { AuditEntry, TimelineEvent } from '#domain/events.ts';
import { generateId, type RandomBytes } from '#domain/stream-ids.ts';
import { TokenBucket } from '#domain/token-bucket.ts';
import type { AuditStore } from '#runtime/audit-store.ts';
import { type EventBusAccess, putEvents } from '#runtime/put-events.ts';
import type { TimelineStore } from '#runtime/timeline-store.ts';
import { onlyDifferences } from './audit-notes.ts';
import type { Caller } from './caller.ts';
import { OIDC_CALLBACK } from './oidc-routes.ts';
import { isReading, type RouteName, routeOf } from './route-access.ts';
import { sourceAddressOf } from './source-address.ts';

/** Where the audit trail goes besides the log, and the sources of time and randomness. */
export interface AuditDependencies {
  readonly audit: Pick<AuditStore, 'add'>;
  /** The timelines of streams. */
  readonly timelines: Pick<TimelineStore, 'add'>;
  /** Null without a bus. */
  readonly eventBus: EventBusAccess | null;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly randomBytes: RandomBytes;
}

/** They change nothing that is stored, and a site may make thousands an hour. Only the log has them. */
const LOGGED_ROUTES: readonly RouteName[] = [
  'POST /api/streams/:id/viewer-tokens',
  'POST /api/streams/:id/preview-tokens',
];
/** Fields that differ after every change. */
const COUNTED: readonly string[] = ['version', 'updatedAt'];
const REFUSED_STATUSES = [401, 403];
/** Log lines about refusals. A stranger must not be able to fill the log. */
const REFUSED_LINES = { perSecond: 1, capacity: 20 };
/** The change has been made, so nobody waits for long to hear of it. */
const EVENT_TIMEOUT_MS = 1_500;
/** No id is as long. A path that names nothing may be. */
const PATH_LIMIT_CHARACTERS = 200;

/**
 * Adds every request that changes something to the audit trail: the log, the table and the event bus. The table and the
 * bus have those that did change something, or may have. If that was a stream, its timeline says so, too. The answer waits for all,
 * because Lambda stops the process after it. If one fails, the line in the log is left.
 */
export function auditChanges(dependencies: AuditDependencies): MiddlewareHandler {
  const logRefusal = refusalLog(dependencies);
  return async (context, next) => {
    await next();
    const route = routeOf(context);
    if (route === null || (isReading(context) && route !== OIDC_CALLBACK)) return;
    const caller = context.get('caller');
    if (REFUSED_STATUSES.includes(context.res.status)) logRefusal(context, caller);
    else if (caller !== undefined)
      await record(toEntry(context, route, caller, dependencies), context, route, dependencies);
  };
}

async function record(
  entry: AuditEntry,
  context: Context,
  route: RouteName,
  { audit, timelines, eventBus, log }: AuditDependencies,
): Promise<void> {
  const isRepeat = context.get('isRepeat') === true;
  log.info({ audit: entry, isRepeat }, 'audit');
  const changedNothing = isRepeat || (entry.status >= 400 && entry.status < 500);
  if (changedNothing || LOGGED_ROUTES.includes(route)) return;
  const logFailure = (what: string) => (error: unknown) => log.error({ err: error, auditId: entry.id }, what);
  await Promise.all([
    audit.add(entry).catch(logFailure('an entry of the audit trail was not stored')),
    onTimeline(entry, timelines)?.catch(logFailure('a change was not stored for the timeline of its stream')),
    eventBus === null ? null : send(entry, eventBus).catch(logFailure('an entry of the audit trail was not sent')),
  ]);
}

/** Readers of a timeline see who did what. What it was before and after is for admins. Null if nothing of a stream has changed. */
function onTimeline(
  { id, time, streamId, action, tokenName: by, status, before, after }: AuditEntry,
  timelines: AuditDependencies['timelines'],
): Promise<void> | null {
  if (streamId === null || status >= 400) return null;
  const fields = before === null || after === null ? [] : Object.keys(after).filter((name) => !COUNTED.includes(name));
  const event: TimelineEvent = { type: 'stream.changed', id, time, streamId, action, by, fields };
  return timelines.add(event);
}

async function send(entry: AuditEntry, eventBus: EventBusAccess): Promise<void> {
  const [failure] = await putEvents(eventBus, [entry], AbortSignal.timeout(EVENT_TIMEOUT_MS));
  if (failure !== undefined) throw new Error(`${failure.code}: ${failure.reason}`);
}

function toEntry(
  context: Context,
  route: RouteName,
  { id: tokenId, name: tokenName }: Caller,
  { now, randomBytes }: AuditDependencies,
): AuditEntry {
  const { path } = context.req;
  const change = context.get('notedChange') ?? { before: null, after: null };
  return {
    type: 'api.changed',
    id: generateId(randomBytes),
    time: new Date(now()).toISOString(),
    tokenId,
    tokenName,
    sourceAddress: sourceAddressOf(context),
    action: toTemplate(route),
    path: path.slice(0, PATH_LIMIT_CHARACTERS),
    streamId: change.streamId ?? /^\/api\/streams\/([^/]+)/.exec(path)?.[1]?.slice(0, PATH_LIMIT_CHARACTERS) ?? null,
    status: context.res.status,
    ...onlyDifferences(change),
  };
}

/** Logs refused changes, no more than some a second. A line says how many were left out before it. */
function refusalLog({ log, now }: AuditDependencies): (context: Context, caller: Caller | undefined) => void {
  const lines = new TokenBucket({ ...REFUSED_LINES, now });
  let leftOut = 0;
  return (context, caller) => {
    if (!lines.take(1)) {
      leftOut += 1;
      return;
    }
    const { method, path } = context.req;
    const { id: tokenId = null, name: tokenName = null } = caller ?? {};
    const sourceAddress = sourceAddressOf(context);
    const refusal = { tokenId, tokenName, sourceAddress, method, path: path.slice(0, PATH_LIMIT_CHARACTERS) };
    log.info({ ...refusal, status: context.res.status, leftOut }, 'a change was refused');
    leftOut = 0;
  };
}

/** The route as the OpenAPI document names it. */
const toTemplate = (route: RouteName): string => route.replace(/:(\w+)/g, '{$1}');
