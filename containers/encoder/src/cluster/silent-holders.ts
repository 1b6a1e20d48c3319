import { LRUCache } from 'lru-cache';
import { CONNECT_LIMIT_MS } from './task-client.ts';

/** How long a holder that has not answered is not asked again for those who wait. */
const SILENT_MS = 500;
/** Meanwhile, one request asks again. Longer than a connection takes to fail. */
const ASKING_MS = CONNECT_LIMIT_MS + SILENT_MS;
/** As many as may wait. */
const MAX_STREAMS = 1_000;

interface SilentHolder {
  readonly epoch: number;
  /** By the clock that never steps. */
  readonly askAtMs: number;
}

/** The holders that have not answered just now, by playback id. Of all who wait for the stream of one, only one asks it again. */
export class SilentHolders {
  readonly #known = new LRUCache<string, SilentHolder>({ max: MAX_STREAMS });
  readonly #steadyNow: () => number;

  /** `steadyNow` is in milliseconds, by a clock that never steps. */
  constructor(steadyNow: () => number) {
    this.#steadyNow = steadyNow;
  }

  /** Whether the holder with this epoch need not be asked. If it is false, the others take it that the asker asks. */
  isSilent(playbackId: string, epoch: number): boolean {
    const known = this.#known.get(playbackId);
    if (known === undefined || known.epoch !== epoch) return false;
    const nowMs = this.#steadyNow();
    if (nowMs < known.askAtMs) return true;
    this.#known.set(playbackId, { epoch, askAtMs: nowMs + ASKING_MS });
    return false;
  }

  onSilence(playbackId: string, epoch: number): void {
    this.#known.set(playbackId, { epoch, askAtMs: this.#steadyNow() + SILENT_MS });
  }

  onAnswer(playbackId: string): void {
    this.#known.delete(playbackId);
  }
}
