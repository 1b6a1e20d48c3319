import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { pino } from 'pino';
import type { AuthorisedStream } from '#domain/ingest-auth.ts';
import { DEFAULT_RTMP_LIMITS, type RtmpLimits } from '#encoder/guard/rtmp-limits.ts';
import { ENHANCED_CODECS } from '#encoder/media/enhanced-codecs.ts';
import { AUDIO_TAG, type FlvTag } from '#encoder/media/flv-tag.ts';
import type { Departure, Publisher, PublisherHandler, RefusedPublish } from '#encoder/rtmp/publisher.ts';
import { PublisherRegistry } from '#encoder/rtmp/publisher-registry.ts';
import { type RtmpServerOptions, startRtmpServer } from '#encoder/rtmp/rtmp-server.ts';
import type { RtmpClient } from '#kit/rtmp-client.ts';

/** What one accepted publisher sent, and how often its handler was closed. */
export interface Recording {
  readonly publisher: Publisher;
  readonly tags: FlvTag[];
  readonly receivedAtMs: number[];
  /** Of the encoders that wanted the stream, and were refused. */
  readonly refusedAddresses: string[];
  closes: number;
  /** Null while the handler is open. */
  departure: Departure | null;
  /** The handler's answer. A test may change it. */
  isPlayable: boolean;
}

export interface RecordingServerOptions
  extends Partial<Pick<RtmpServerOptions, 'port' | 'authorise' | 'acceptPublisher' | 'enhancedCodecs' | 'now'>> {
  readonly limits?: Partial<RtmpLimits>;
}

/** A real RTMP server that records what arrives. It allows every key unless told otherwise; see `streamOf`. */
export class RecordingServer {
  readonly recordings: Recording[] = [];
  readonly logLines: Record<string, unknown>[] = [];
  readonly refusals: RefusedPublish[] = [];
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #server: Awaited<ReturnType<typeof startRtmpServer>> | null = null;

  static async start({ limits, ...options }: RecordingServerOptions = {}): Promise<RecordingServer> {
    const recorder = new RecordingServer();
    recorder.#server = await startRtmpServer({
      registry: new PublisherRegistry({ now: Date.now }),
      hosts: ['127.0.0.1'],
      port: 0,
      authorise: async ({ streamKey }) => ({ allow: true, stream: streamOf(streamKey) }),
      acceptPublisher: async (publisher) => recorder.record(publisher),
      onRefused: (refusal) => recorder.#refused(refusal),
      now: Date.now,
      enhancedCodecs: new Set(ENHANCED_CODECS.map(({ fourCc }) => fourCc)),
      ...options,
      limits: { ...DEFAULT_RTMP_LIMITS, ...limits },
      randomBytes,
      log: pino({ level: 'debug' }, { write: (line) => recorder.#log(line) }),
    });
    return recorder;
  }

  get port(): number {
    if (this.#server === null) throw new Error('not started');
    return this.#server.port;
  }

  get violations(): number {
    return this.#server?.violations ?? 0;
  }

  get isDraining(): boolean {
    return this.#server?.isDraining ?? false;
  }

  async drain(): Promise<void> {
    await this.#server?.drain();
  }

  url(streamKey: string): string {
    return `rtmp://127.0.0.1:${this.port}/live/${streamKey}`;
  }

  /** Returns a handler that records everything. */
  record(publisher: Publisher): PublisherHandler {
    const recording: Recording = {
      publisher,
      tags: [],
      receivedAtMs: [],
      refusedAddresses: [],
      closes: 0,
      departure: null,
      isPlayable: false,
    };
    this.recordings.push(recording);
    this.#changes.emit('change');
    return {
      onTag: (tag, receivedAtMs) => {
        recording.tags.push(tag);
        recording.receivedAtMs.push(receivedAtMs);
        this.#changes.emit('change');
      },
      onClose: (departure) => {
        recording.closes++;
        recording.departure = departure;
        this.#changes.emit('change');
      },
      isPlayable: () => recording.isPlayable,
      onContested: (refusedAddress) => {
        recording.refusedAddresses.push(refusedAddress);
        this.#changes.emit('change');
      },
    };
  }

  /** Resolves once the condition holds for what was recorded or logged. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.#changes, 'change');
  }

  /** Resolves to the first log line with that message. */
  async logged(message: string): Promise<Record<string, unknown>> {
    const find = () => this.logLines.find((line) => line.msg === message);
    await this.until(() => find() !== undefined);
    return find() ?? {};
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  #refused(refusal: RefusedPublish): void {
    this.refusals.push(refusal);
    this.#changes.emit('change');
  }

  #log(line: string): void {
    this.logLines.push(JSON.parse(line));
    this.#changes.emit('change');
  }
}

export function streamOf(streamKey: string): AuthorisedStream {
  return {
    streamId: `stream-${streamKey}`,
    playbackId: `play-${streamKey}`,
    version: null,
    ladder: '720p',
    latency: 'low',
    maxInputKbps: 5_256,
  };
}

/** Sends an audio tag whose payload is a text. */
export const sendSound = (client: RtmpClient, text: string): void =>
  client.send({ type: AUDIO_TAG, messageStreamId: 1, payload: Buffer.from(text), chunkStreamId: 4 });
