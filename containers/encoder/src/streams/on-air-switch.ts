import type { Logger } from 'pino';
import { isPreview } from '#domain/playback-ids.ts';
import type { LivePublish } from './live-publish.ts';
import type { StreamHold } from './stream-hold.ts';
import type { StreamPublishes } from './stream-publishes.ts';

/**
 * Goes on with a publish under its stream's other playback id: on air by a word, or as a preview without one. Resolves to false, and
 * changes nothing, if the stream has changed meanwhile.
 */
export type MovePublish = (publish: LivePublish, onAirId: string | null) => Promise<boolean>;

export interface OnAirSwitchOptions {
  readonly playbackId: string;
  readonly publishes: StreamPublishes;
  readonly hold: StreamHold;
  readonly move: MovePublish;
  readonly log: Logger;
}

/**
 * Follows the word for a stream that goes on air on one. Each heartbeat says what the word is, so what did not work is tried again by
 * the next one.
 */
export class OnAirSwitch {
  readonly #options: OnAirSwitchOptions;
  #isGoingOnAir = false;
  /** The word for a broadcast that is about to end, or has ended. */
  #endedOnAirId: string | null = null;

  constructor(options: OnAirSwitchOptions) {
    this.#options = options;
  }

  /** The word is another one than that by which the stream is held. Null if there is none. */
  follow(onAirId: string | null): void {
    const { playbackId, publishes, hold } = this.#options;
    const { current } = publishes;
    if (isPreview(playbackId)) {
      if (onAirId !== null && current !== null) void this.#goOnAir(current, onAirId);
      return;
    }
    if (hold.onAirId === null || hold.onAirId === this.#endedOnAirId) return;
    this.#endedOnAirId = hold.onAirId;
    if (current === null) publishes.endOnRequest('stopped');
    else void this.#goOffAir(current);
  }

  async #goOnAir(publish: LivePublish, onAirId: string): Promise<void> {
    if (this.#isGoingOnAir) return;
    this.#isGoingOnAir = true;
    try {
      await this.#options.move(publish, onAirId);
    } catch (error) {
      this.#options.log.warn({ err: error }, 'the stream is not on air yet');
    } finally {
      this.#isGoingOnAir = false;
    }
  }

  /** Viewers see the end even if the publish can't go on: then its publisher is disconnected, and may connect again. */
  async #goOffAir(publish: LivePublish): Promise<void> {
    const { publishes, move, log } = this.#options;
    await publishes.untilOffAir(publish);
    if (publishes.current !== publish) return;
    try {
      if (!(await move(publish, null))) publish.fail();
    } catch (error) {
      log.warn({ err: error }, 'the stream is off air, and its publish does not go on');
      publish.fail();
    }
  }
}
