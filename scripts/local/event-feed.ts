import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HeadendEvent } from '#domain/events.ts';
import { problemResponse } from '#functions/control-api/problem.ts';

export interface EventFeedOptions {
  /** Address of the control API. Whoever may list tokens, which takes the scope `admin`, may follow the events of all streams. */
  readonly apiUrl: string;
  /** Limit of simultaneous clients. @default 50 */
  readonly maxClients?: number;
  /** A client that leaves more unread is disconnected. @default 256 KiB */
  readonly maxUnreadBytes?: number;
  /** Interval of comments, which keep proxies and clients from timing out. @default 15 s */
  readonly heartbeatMs?: number;
  /** How long a client's token is trusted before it is checked again. @default 5 s */
  readonly trustMs?: number;
}

/** The control API answers within a second, or its database does not. */
const CHECK_LIMIT_MS = 5_000;

/** Sends events to clients as they happen, as server-sent events (HTML standard, 9.2). */
export class EventFeed {
  readonly #options: Required<EventFeedOptions>;
  /** The clients, and what each of them authorised itself with. */
  readonly #clients = new Map<ServerResponse, string>();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #checks: NodeJS.Timeout;
  #isChecking = false;

  constructor(options: EventFeedOptions) {
    this.#options = { maxClients: 50, maxUnreadBytes: 256 * 1024, heartbeatMs: 15_000, trustMs: 5_000, ...options };
    this.#heartbeat = setInterval(() => this.#write(': still here\n\n'), this.#options.heartbeatMs);
    this.#checks = setInterval(() => void this.#endRevoked(), this.#options.trustMs);
  }

  /** Answers a request for the feed. Never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = await this.#refusal(request);
    if (refusal !== null) return relay(refusal, response);
    if (response.destroyed) return;
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write(': connected\n\n');
    this.#clients.set(response, request.headers.authorization ?? '');
    response.once('close', () => this.#clients.delete(response));
  }

  /** Sends an event to every client. */
  publish(event: HeadendEvent): void {
    this.#write(`id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }

  close(): void {
    clearInterval(this.#heartbeat);
    clearInterval(this.#checks);
    for (const client of this.#clients.keys()) client.end();
  }

  async #refusal({ method, headers }: IncomingMessage): Promise<Response | null> {
    if (method !== 'GET') {
      return problemResponse({ status: 405, detail: 'Allowed: GET.', headers: { Allow: 'GET' } });
    }
    try {
      const answer = await this.#ask(headers.authorization ?? '');
      if (!answer.ok) return answer;
    } catch {
      return unavailable('The admin token could not be checked; try again.');
    }
    return this.#clients.size < this.#options.maxClients
      ? null
      : unavailable('Too many clients follow the events already.');
  }

  /** What the control API answers to whoever has this authorisation. Rejects if it does not answer. */
  async #ask(authorization: string): Promise<Response> {
    const signal = AbortSignal.timeout(CHECK_LIMIT_MS);
    const answer = await fetch(`${this.#options.apiUrl}/tokens?limit=1`, { headers: { authorization }, signal });
    return new Response(await answer.arrayBuffer(), answer);
  }

  /** Ends the clients whose token the control API refuses by now. An API that does not answer refuses nobody. */
  async #endRevoked(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    for (const authorization of new Set(this.#clients.values())) {
      const answer = await this.#ask(authorization).catch(() => null);
      if (answer?.status !== 401 && answer?.status !== 403) continue;
      for (const [client, its] of this.#clients) if (its === authorization) client.end();
    }
    this.#isChecking = false;
  }

  #write(text: string): void {
    for (const client of this.#clients.keys()) {
      client.write(text);
      if (client.writableLength > this.#options.maxUnreadBytes) client.destroy();
    }
  }
}

const unavailable = (detail: string): Response =>
  problemResponse({ status: 503, detail, headers: { 'Retry-After': '10' } });

/** Passes on a refusal of the control API, without headers that belong to its connection (RFC 9110 7.6.1). */
async function relay(refusal: Response, response: ServerResponse): Promise<void> {
  const body = Buffer.from(await refusal.arrayBuffer());
  for (const name of ['content-type', 'www-authenticate', 'retry-after', 'allow', 'cache-control']) {
    const value = refusal.headers.get(name);
    if (value !== null) response.setHeader(name, value);
  }
  response.writeHead(refusal.status).end(body);
}
