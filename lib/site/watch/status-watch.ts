import { STATUS_AFTER } from '#domain/hls-files.ts';
import { PLAYBACK_STATUSES, type PlaybackStatusBody } from '#domain/playback-status.ts';
import { STATUS_TIMEOUT_MS } from './status-timeout.ts';

/**
 * What is known of a stream: its status, or why there is none. `refused`: the viewer token is missing, has expired or
 * belongs to another stream.
 */
export type StatusReport = PlaybackStatusBody | 'refused' | 'unreachable';

export interface StatusWatchOptions {
  /** Absolute URL of status.json. */
  readonly statusUrl: string;
  /**
   * Whether the stream requires a viewer token. For other streams a 403 is temporary: a firewall or a proxy sent it.
   */
  readonly isProtected: boolean;
  readonly fetch: typeof fetch;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Pauses after a failure. Resolves early, and to true, when the browser is online again. */
  readonly pause: (milliseconds: number) => Promise<boolean>;
  /** Milliseconds, by a clock that never steps. */
  readonly now: () => number;
  /** From 0 to 1. Pages that lose the server together do not come back together. */
  readonly random: () => number;
  /** Called with the first report, and with each that differs from the one before. */
  readonly onStatus: (report: StatusReport) => void;
  /** Resolves at once, or when somebody looks at the page again. Until then nothing is asked. */
  readonly whenWatched: () => Promise<void>;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/** A running watch. */
export interface StatusWatch {
  /** The status now, from the server if what is known is not from this moment. Never rejects. */
  refresh(): Promise<StatusReport>;
  /** The next report that differs from the one before. Never settles after a refusal. */
  nextChange(): Promise<StatusReport>;
}

/** HTTP status of a request whose viewer token is missing, expired or for another stream. */
export const REFUSED_STATUS = 403;

/** A server answers a request that waits for a change after 10 s. */
const WAIT_TIMEOUT_MS = 15_000;
/** The pause before the next request if the last one has not waited, as when too many wait on the server. */
const UNWAITED_PAUSE_MS = 1000;
/** The pause after a change, whatever a server answers. */
const CHANGED_PAUSE_MS = 100;
/** After failures, the pauses get longer up to this. */
const MAX_PAUSE_MS = 8000;
/** An answer without `after` may come from a cache and be a second old. So what came in within this time is as new. */
const FRESH_MS = 1500;

/** A status and its version, which a server that does not let requests wait does not send. */
interface ReceivedStatus {
  readonly body: PlaybackStatusBody;
  readonly version: string | null;
}

/**
 * Asks for the status of a stream again and again. The server answers when it has changed, so the page hears of it at
 * once. It asks for status.json instead of a playlist because browsers write every 404 to the console. Ends when
 * `signal` aborts, or after a refusal, because the same token would be refused again.
 */
export function watchStatus(options: StatusWatchOptions): StatusWatch {
  const { now, onStatus } = options;
  let latest: StatusReport | null = null;
  let receivedAtMs = Number.NEGATIVE_INFINITY;
  let changes = 0;
  const waiting: ((report: StatusReport) => void)[] = [];

  function take(report: StatusReport): void {
    // A request that waited since before the token expired may be answered after the refusal.
    if (latest === 'refused') return;
    receivedAtMs = now();
    if (JSON.stringify(report) === JSON.stringify(latest)) return;
    latest = report;
    changes += 1;
    onStatus(report);
    for (const resolve of waiting.splice(0)) resolve(report);
  }

  const nextChange = (): Promise<StatusReport> => new Promise((resolve) => waiting.push(resolve));
  void repeat(options, take);
  return {
    async refresh() {
      if (latest === null) return nextChange();
      if (now() - receivedAtMs < FRESH_MS) return latest;
      const changesBefore = changes;
      const { report } = await ask(options, null);
      // What the watch has heard meanwhile is not older.
      if (changes === changesBefore) take(report);
      return latest;
    },
    nextChange,
  };
}

async function repeat(options: StatusWatchOptions, take: (report: StatusReport) => void): Promise<void> {
  const { signal, sleep, pause, now, random, whenWatched } = options;
  let lastBody = '';
  // Null: the next request does not wait.
  let version: string | null = null;
  let failures = 0;
  while (!signal.aborted) {
    await whenWatched();
    const askedAtMs = now();
    const hasVersion = version !== null;
    const { report, received } = await ask(options, version);
    if (signal.aborted) return;
    if (received !== null) {
      take(received.body);
      const body = JSON.stringify(received.body);
      const hasWaited = now() - askedAtMs > UNWAITED_PAUSE_MS;
      if (body !== lastBody) await sleep(CHANGED_PAUSE_MS);
      else if (!hasWaited) await sleep(UNWAITED_PAUSE_MS * (1 + random() / 2));
      lastBody = body;
      // A server that answers at once may still fail every request that waits.
      if (hasVersion || received.version === null) failures = 0;
      version = received.version;
      continue;
    }
    if (report === 'refused') {
      take(report);
      return;
    }
    version = null;
    failures += 1;
    // A server that restarts cuts the requests that wait. So the failure of one is no reason to worry anybody.
    if (!hasVersion) take(report);
    // All pages of a server lose it together, and the first retry is spread over the whole pause.
    const share = hasVersion && failures === 1 ? random() : 0.5 + random() / 2;
    if (await pause(Math.min(UNWAITED_PAUSE_MS * 2 ** (failures - 1), MAX_PAUSE_MS) * share)) failures = 0;
  }
}

async function ask(
  { statusUrl, isProtected, fetch: fetchImpl, signal }: StatusWatchOptions,
  after: string | null,
): Promise<{ readonly report: StatusReport; readonly received: ReceivedStatus | null }> {
  try {
    const url = after === null ? statusUrl : `${statusUrl}?${STATUS_AFTER}=${encodeURIComponent(after)}`;
    const limit = AbortSignal.timeout(after === null ? STATUS_TIMEOUT_MS : WAIT_TIMEOUT_MS);
    const response = await fetchImpl(url, { cache: 'no-store', signal: AbortSignal.any([signal, limit]) });
    if (response.status === REFUSED_STATUS && isProtected) return { report: 'refused', received: null };
    const received = response.status === 200 ? parseStatus(await response.json()) : null;
    return { report: received?.body ?? 'unreachable', received };
  } catch {
    // To the viewer a network failure, a timeout and a malformed response are the same. The watch asks again.
    return { report: 'unreachable', received: null };
  }
}

/** Null if it is no status. */
function parseStatus(json: unknown): ReceivedStatus | null {
  if (typeof json !== 'object' || json === null) return null;
  const { version, ...body } = json as PlaybackStatusBody & { readonly version?: unknown };
  if (!PLAYBACK_STATUSES.includes(body.status)) return null;
  return { body, version: typeof version === 'string' ? version : null };
}
