import type { Logger } from 'pino';
import type { BroadcastEndReason, EmitEvent } from '#domain/events.ts';
import type { LatencyName } from '#domain/latency-profiles.ts';
import type { EndReason, StreamHealth } from '#domain/streams.ts';
import type { MediaRun, RunSink } from '#encoder/media/media-run.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import type { Publisher, PublisherHandler } from '#encoder/rtmp/publisher.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import { Transcoder } from '#encoder/transcode/transcoder.ts';
import { Broadcast } from './broadcast.ts';
import { EpochRange } from './epoch-range.ts';
import { clockMediaSequence } from './media-sequence.ts';
import { REQUESTED_ENDS } from './requested-ends.ts';

/** How long an ended stream stays, so that players that are behind see its end. */
const KEEP_ENDED_MS = 60_000;

export interface LiveStreamOptions {
  readonly streamId: string;
  readonly playbackId: string;
  readonly latency: LatencyName;
  /** How long a stream without publisher waits for one before it ends. */
  readonly reconnectWindowMs: number;
  /** The stream has ended and nobody needs it any more. */
  readonly onGone: () => void;
  readonly emit: EmitEvent;
  readonly spawn: SpawnProcess;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/** Epochs that a publish has reserved: `count` from `first` on. */
export interface ReservedEpochs {
  readonly first: number;
  readonly count: number;
}

/** One publisher's time on a stream. */
export interface LivePublish {
  readonly handler: PublisherHandler;
  health(): StreamHealth;
  /** Ends it because somebody asked for that, or (null) because another connection publishes the stream now. */
  end(reason: EndReason | null): void;
}

/** A stream on this task: its publishers one after another, and the package that viewers watch all the while. */
export class LiveStream {
  readonly #options: LiveStreamOptions;
  readonly #broadcast: Broadcast;
  #latency: LatencyName;
  #package: StreamPackage;
  #transcoder: Transcoder | null = null;
  readonly #stopping = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: LiveStreamOptions) {
    this.#options = options;
    this.#broadcast = new Broadcast(options);
    this.#latency = options.latency;
    this.#package = this.#newPackage(0);
  }

  get streamId(): string {
    return this.#options.streamId;
  }

  /** What viewers get. */
  get currentPackage(): StreamPackage {
    return this.#package;
  }

  /**
   * Whether the stream takes one of its task's slots. It does until its playlists have ended, and so in its reconnect window as
   * well: a broadcaster who comes back must find room, whoever else has asked for it meanwhile.
   */
  get holdsSlot(): boolean {
    return !this.#package.ended;
  }

  /** Whether viewers have something to play, which they do in the reconnect window too. */
  get isLive(): boolean {
    return this.#broadcast.isLive;
  }

  /** Media seconds out per media second in, lately; null while unknown. */
  get encoderSpeed(): number | null {
    return this.#transcoder?.encoderSpeed ?? null;
  }

  /** Takes a publisher on. The one before it has closed. */
  publish(publisher: Publisher, reserved: ReservedEpochs, log: Logger): LivePublish {
    this.#clearTimer();
    this.#broadcast.onPublisher();
    if (this.#package.ended || publisher.stream.latency !== this.#latency) {
      this.#latency = publisher.stream.latency;
      this.#replacePackage();
    }
    let endReason: BroadcastEndReason = 'publisher-left';
    const fail = (reason: BroadcastEndReason, description: string): void => {
      endReason = reason;
      this.#reject(publisher, description);
    };
    const epochs = new EpochRange(reserved.first, reserved.count, () =>
      fail('encoder-failed', 'The encoder was restarted too often; connect again'),
    );
    const transcoder = new Transcoder({
      stream: publisher.stream,
      nextEpoch: () => epochs.take(),
      beginRun: (run) => this.#beginRun(run),
      onRestart: (reason) => this.#broadcast.onRestart(reason),
      onFatal: fail,
      spawn: this.#options.spawn,
      now: this.#options.now,
      log,
    });
    this.#transcoder = transcoder;
    return {
      handler: {
        onTag: (tag, receivedAtMs) => transcoder.onTag(tag, receivedAtMs),
        onClose: () => this.#onPublisherGone(transcoder, endReason),
        isPlayable: () => this.#broadcast.isLive,
      },
      health: () => transcoder.health(),
      end: (reason) => {
        endReason = reason ?? endReason;
        const why = reason === null ? 'Published from another connection now' : REQUESTED_ENDS[reason].description;
        publisher.end('NetStream.Publish.BadName', why);
      },
    };
  }

  /** Ends the stream at once and resolves when no process of it is left. */
  async close(): Promise<void> {
    if (this.#transcoder !== null) this.#stop(this.#transcoder);
    await Promise.all(this.#stopping);
    this.#clearTimer();
    this.#endPlaylists(this.#package);
    this.#broadcast.end('shutdown');
  }

  #beginRun(run: MediaRun): RunSink {
    if (!this.#package.fits(run)) this.#replacePackage();
    const current = this.#package;
    const sink = current.beginRun(run);
    return {
      write: (rendition, chunk) => {
        const frames = sink.write(rendition, chunk);
        if (current.playableRun !== null && !current.ended) this.#broadcast.onPlayable();
        return frames;
      },
      end: () => sink.end(),
    };
  }

  /** Players that wait on the old package see it end, and load the stream anew. */
  #replacePackage(): void {
    const former = this.#package;
    this.#package = this.#newPackage(former.nextMsn());
    this.#endPlaylists(former);
  }

  /** Called by timers, too, where an error would end the process. */
  #endPlaylists(ended: StreamPackage): void {
    try {
      ended.end();
    } catch (error) {
      this.#options.log.error({ err: error }, 'the last run was not packaged to its end');
    }
  }

  #newPackage(lowestMsn: number): StreamPackage {
    const firstMsn = Math.max(lowestMsn, clockMediaSequence(this.#options.now()));
    return new StreamPackage({ latency: this.#latency, firstMsn });
  }

  /** A publish that nobody could watch yet was refused, as far as anybody can tell. */
  #reject(publisher: Publisher, description: string): void {
    const code = 'NetStream.Publish.Rejected';
    if (!this.#broadcast.isLive) {
      const { streamId } = this.#options;
      this.#options.emit({
        type: 'stream.refused',
        streamId,
        code,
        description,
        sourceAddress: publisher.remoteAddress,
      });
    }
    publisher.end(code, description);
  }

  #onPublisherGone(transcoder: Transcoder, reason: BroadcastEndReason): void {
    this.#stop(transcoder);
    if (this.#transcoder !== transcoder) return;
    this.#transcoder = null;
    this.#broadcast.onPublisherGone();
    this.#clearTimer();
    if (endsPlaylists(reason)) this.#endPackage(reason);
    else this.#timer = setTimeout(() => this.#endPackage(reason), this.#options.reconnectWindowMs);
  }

  #stop(transcoder: Transcoder): void {
    const stopped = transcoder
      .stop()
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'publish not stopped in order'))
      .finally(() => this.#stopping.delete(stopped));
    this.#stopping.add(stopped);
  }

  #endPackage(reason: BroadcastEndReason): void {
    this.#options.log.info({ reason }, 'stream ended');
    this.#endPlaylists(this.#package);
    this.#broadcast.end(reason);
    this.#timer = setTimeout(() => this.#options.onGone(), KEEP_ENDED_MS);
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function endsPlaylists(reason: BroadcastEndReason): boolean {
  return reason in REQUESTED_ENDS && REQUESTED_ENDS[reason as EndReason].endsPlaylists;
}
