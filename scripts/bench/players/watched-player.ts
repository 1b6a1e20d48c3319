import { setTimeout as sleep } from 'node:timers/promises';
import type { SeenFrame } from '#kit/frame-counter.ts';
import { waitFor } from '#kit/wait-for.ts';
import { errorMessage } from '#scripts/terminal/errors.ts';
import type { PlayingPlayer } from './player-under-test.ts';

const START_TIMEOUT_SECONDS = 60;

/** A player, and everything that it has shown. */
export class WatchedPlayer {
  readonly frames: SeenFrame[] = [];
  readonly #player: PlayingPlayer;

  constructor(player: PlayingPlayer) {
    this.#player = player;
  }

  async firstFrame(signal: AbortSignal): Promise<SeenFrame> {
    const find = async (): Promise<SeenFrame | null> => {
      await this.take();
      return this.frames.find(({ frameNumber }) => frameNumber !== null) ?? null;
    };
    try {
      return await waitFor('a first frame', find, { signal, timeoutMs: START_TIMEOUT_SECONDS * 1000 });
    } catch (error) {
      const complaint = this.#player.complaint?.() ?? '';
      throw new Error(complaint === '' ? errorMessage(error) : `${errorMessage(error)}; its last words: ${complaint}`);
    }
  }

  /** Takes what the player has shown since the last call. */
  async take(): Promise<void> {
    this.frames.push(...(await this.#player.takeFrames()));
  }

  /** Resolves to the time until it says that the stream has ended. Null if it does not. */
  async untilEnded(fromMs: number, timeoutMs: number, signal: AbortSignal): Promise<number | null> {
    while (Date.now() - fromMs < timeoutMs) {
      if (await this.#player.hasEnded()) return (Date.now() - fromMs) / 1000;
      await sleep(100, undefined, { signal });
    }
    return null;
  }

  hasEnded(): Promise<boolean> {
    return this.#player.hasEnded();
  }
}
