import type { FailoverReason } from '#domain/events.ts';
import type { IngestName } from '#domain/ingest-auth.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { StandbySource } from './standby-source.ts';

/** How long the primary publisher must send without a stall before it is on air again. */
const STEADY_MS = 30_000;

export interface IngestSwitchOptions {
  /** How long the publisher on air may send nothing before the other one takes over. */
  readonly failoverMs: number;
  /** Takes the tags of the publisher on air. */
  readonly feed: (tag: FlvTag, receivedAtMs: number) => void;
  /** The tags that follow are of the other publisher. */
  readonly onSwitch: (onAir: IngestName, reason: FailoverReason) => void;
  /** Milliseconds, by a clock that never steps: stalls are measured by it, and not by the clocks of tasks that relay. */
  readonly steadyNow: () => number;
}

/** The publisher of one ingest. Times are of the steady clock. */
interface IngestSource {
  readonly name: IngestName;
  readonly standby: StandbySource;
  lastTagAtMs: number;
  /** Since when it has sent without a stall. */
  steadySinceMs: number;
}

/**
 * Decides which of a stream's two publishers is on air. It needs no timer: whoever could take over sends tags all the time, and
 * each of them is a moment to look.
 */
export class IngestSwitch {
  readonly #options: IngestSwitchOptions;
  readonly #sources = new Map<IngestName, IngestSource>();
  #onAir: IngestName | null = null;

  constructor(options: IngestSwitchOptions) {
    this.#options = options;
  }

  /** Null while nobody is connected. */
  get onAir(): IngestName | null {
    return this.#onAir;
  }

  has(name: IngestName): boolean {
    return this.#sources.has(name);
  }

  /** A publisher has connected. The first one is on air. */
  connect(name: IngestName): void {
    const nowMs = this.#options.steadyNow();
    this.#sources.set(name, { name, standby: new StandbySource(), lastTagAtMs: nowMs, steadySinceMs: nowMs });
    this.#onAir ??= name;
  }

  /** A publisher has left. If it was on air and there is another one, that one takes over. */
  disconnect(name: IngestName): void {
    this.#sources.delete(name);
    if (this.#onAir !== name) return;
    const [other] = this.#sources.values();
    if (other === undefined) this.#onAir = null;
    else this.#switchTo(other, 'left');
  }

  /** A publisher has sent a tag, which came at `receivedAtMs` (milliseconds since 1970). Does nothing if it is not connected. */
  onTag(name: IngestName, tag: FlvTag, receivedAtMs: number): void {
    const source = this.#sources.get(name);
    if (source === undefined) return;
    const { failoverMs, feed, steadyNow } = this.#options;
    const nowMs = steadyNow();
    if (nowMs - source.lastTagAtMs >= failoverMs) source.steadySinceMs = nowMs;
    source.lastTagAtMs = nowMs;
    const isOnAir = name === this.#onAir;
    source.standby.add(tag, receivedAtMs, isOnAir);
    if (isOnAir) {
      feed(tag, receivedAtMs);
      return;
    }
    const reason = this.#reasonToTakeOver(source, nowMs);
    if (reason !== null && source.standby.isReady) this.#switchTo(source, reason);
  }

  /**
   * Whoever takes the tags begins anew, with those that come from now on. It gets what describes the media of the publisher on air.
   * What the other one has sent so far is forgotten.
   */
  restart(): void {
    for (const { standby } of this.#sources.values()) standby.forgetMedia();
    const onAir = this.#onAir === null ? undefined : this.#sources.get(this.#onAir);
    for (const { tag, receivedAtMs } of onAir?.standby.take() ?? []) this.#options.feed(tag, receivedAtMs);
  }

  #reasonToTakeOver(source: IngestSource, nowMs: number): FailoverReason | null {
    const onAir = this.#onAir === null ? undefined : this.#sources.get(this.#onAir);
    if (onAir === undefined || nowMs - onAir.lastTagAtMs >= this.#options.failoverMs) return 'stalled';
    // At a keyframe, so that viewers see nothing twice.
    const canReturn = source.name === 'primary' && source.standby.isAtStart;
    return canReturn && nowMs - source.steadySinceMs >= STEADY_MS ? 'recovered' : null;
  }

  #switchTo(source: IngestSource, reason: FailoverReason): void {
    const { feed, onSwitch, steadyNow } = this.#options;
    const former = this.#onAir === null ? undefined : this.#sources.get(this.#onAir);
    if (former !== undefined && reason === 'stalled') former.steadySinceMs = steadyNow();
    this.#onAir = source.name;
    onSwitch(source.name, reason);
    for (const { tag, receivedAtMs } of source.standby.take()) feed(tag, receivedAtMs);
  }
}
