import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import pino from 'pino';
import type { LatencyName } from '#domain/latency-profiles.ts';
import type { PlaybackStatusBody } from '#domain/playback-status.ts';
import type { RunSink } from '#encoder/media/media-run.ts';
import { type FindStream, OriginHandler, type OriginStream } from '#encoder/origin/origin-handler.ts';
import { type OriginServer, type OriginServerOptions, startOriginServer } from '#encoder/origin/origin-server.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { PastHealth } from '#encoder/streams/past-health.ts';
import { type EncodedRun, encodeRun, type FeedStep, interleaved, toMediaRun } from '#test/support/encoded-run.ts';
import { unknownStream } from './unknown-stream.ts';

export const PLAYBACK_ID = 'abcdefghij234567';
export const EPOCH = 7;
export const FIRST_MSN = 100;
/** A time limit that no test reaches. */
const NEVER_MS = 3_600_000;

/** A complete response. */
export interface OriginAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Finds a package as the stream of PLAYBACK_ID, which no other task has. */
export function onlyStream(currentPackage: StreamPackage, formerPackages: readonly StreamPackage[] = []): FindStream {
  const stream: OriginStream = {
    currentPackage,
    formerPackages,
    get statusBody(): PlaybackStatusBody {
      if (currentPackage.playableRun === null) return { status: 'idle' };
      return { status: currentPackage.ended ? 'ended' : 'live' };
    },
    healthReport: () => new PastHealth().report({ health: null, liveSinceMs: null, nowMs: Date.now() }),
    poster: async () => Buffer.from('a picture'),
    mayAnswer: async () => true,
    arrives: async () => true,
    isGone: false,
  };
  return async (playbackId) => (playbackId === PLAYBACK_ID ? stream : undefined);
}

/** Asks for a path in the folder of a package, without a server. */
export async function askPackage(
  stream: StreamPackage,
  path: string,
  formers: readonly StreamPackage[] = [],
): Promise<Pick<OriginAnswer, 'status' | 'body'>> {
  const request = { method: 'GET', url: `/live/${PLAYBACK_ID}/${path}`, headers: {}, acceptsGzip: false } as const;
  const { signal } = new AbortController();
  const answer = await new OriginHandler({ findStream: onlyStream(stream, formers), now: Date.now }).handle(
    { ...request, signal },
    async (target) => unknownStream(target),
  );
  if (!('body' in answer)) throw new Error('the answer is not complete');
  return { status: answer.status, body: Buffer.concat(answer.body) };
}

/** The real server on a free port, with one stream that the test feeds. */
export class RunningOrigin {
  readonly server: OriginServer;
  readonly stream: StreamPackage;
  readonly sink: RunSink;
  /** Log lines of level error. */
  readonly errors: string[];
  readonly #steps: FeedStep[];

  private constructor(server: OriginServer, stream: StreamPackage, encoded: EncodedRun, errors: string[]) {
    this.server = server;
    this.stream = stream;
    this.errors = errors;
    this.sink = stream.beginRun(toMediaRun(encoded, EPOCH));
    this.#steps = interleaved(encoded);
  }

  static async start(
    latency: LatencyName = 'low',
    options: Partial<Pick<OriginServerOptions, 'sendLimitMs' | 'closeLimitMs'>> = {},
  ): Promise<RunningOrigin> {
    const stream = new StreamPackage({ latency, firstMsn: FIRST_MSN });
    const errors: string[] = [];
    const handler = new OriginHandler({ findStream: onlyStream(stream), now: Date.now });
    const server = await startOriginServer({
      host: '127.0.0.1',
      port: 0,
      handle: (request) => handler.handle(request, async (target) => unknownStream(target)),
      log: pino({ level: 'error' }, { write: (line: string) => errors.push(line) }),
      ...{ sendLimitMs: NEVER_MS, closeLimitMs: NEVER_MS, ...options },
    });
    return new RunningOrigin(server, stream, await encodeRun(), errors);
  }

  /** Feeds real output until the rendition's newest segment is `msn` with `parts` parts. */
  feedUntil(rendition: string, msn: number, parts: number): void {
    const isThere = (): boolean => {
      const newest = this.stream.renditions.get(rendition)?.newest();
      return newest?.msn === msn && newest.parts.length >= parts;
    };
    while (!isThere()) {
      const step = this.#steps.shift();
      if (step === undefined) throw new Error(`the run ends before part ${parts} of segment ${msn}`);
      this.sink.write(step.rendition, step.chunk);
    }
  }

  /** Feeds the rest of the output. */
  feedAll(): void {
    for (const { rendition, chunk } of this.#steps.splice(0)) this.sink.write(rendition, chunk);
  }

  /** Resolves when `count` requests wait for the rendition. If the server is broken, the test times out. */
  async untilWaiting(rendition: string, count: number): Promise<void> {
    while (this.waiting(rendition) !== count) await new Promise((resolve) => setImmediate(resolve));
  }

  waiting(rendition: string): number {
    return this.stream.renditions.get(rendition)?.waiting ?? 0;
  }

  /** Requests a path in the stream's folder, or an absolute path. */
  async ask(path: string, { method = 'GET', headers = {}, signal }: AskOptions = {}): Promise<OriginAnswer> {
    const fullPath = path.startsWith('/') ? path : `/live/${PLAYBACK_ID}/${path}`;
    const sent = request({
      host: '127.0.0.1',
      port: this.server.port,
      path: fullPath,
      method,
      headers,
      agent: false,
      ...(signal === undefined ? {} : { signal }),
    }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, headers: response.headers, body: await buffer(response) };
  }

  /** Opens a raw connection, for requests that an HTTP client would not send. */
  async connect(): Promise<Socket> {
    const socket = connect(this.server.port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  }
}
