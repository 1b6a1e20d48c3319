import { endOf, type MediaPlaylist } from './playlist/media-playlist.ts';

export interface DirectiveTrialsOptions {
  readonly url: string;
  readonly get: (url: string) => Promise<unknown>;
}

/** How many playlists pass between two trials. */
const PAUSE_PLAYLISTS = 5;
const TOO_FAR_SEGMENTS = 20;
const TOO_FAR_PARTS = 500;

/** Requests that players do not send, or rarely. Each is tried once, and the answer is checked like all others. */
export class DirectiveTrials {
  readonly #options: DirectiveTrialsOptions;
  #playlists = 0;

  constructor(options: DirectiveTrialsOptions) {
    this.#options = options;
  }

  /** Sends the next one if it is time. */
  async next(playlist: MediaPlaylist): Promise<void> {
    if (playlist.serverControl?.get('CAN-BLOCK-RELOAD') !== 'YES') return;
    const index = this.#playlists++;
    if (index % PAUSE_PLAYLISTS !== 1) return;
    const query = TRIALS[(index - 1) / PAUSE_PLAYLISTS]?.(playlist) ?? null;
    if (query !== null)
      await this.#options.get(`${this.#options.url}${this.#options.url.includes('?') ? '&' : '?'}${query}`);
  }
}

const TRIALS: readonly ((playlist: MediaPlaylist) => string | null)[] = [
  () => '_HLS_part=0',
  (playlist) => `_HLS_msn=${endOf(playlist).msn + TOO_FAR_SEGMENTS}`,
  (playlist) =>
    playlist.partTargetSeconds === null ? null : `_HLS_msn=${endOf(playlist).msn + 1}&_HLS_part=${TOO_FAR_PARTS}`,
  ({ mediaSequence }) => `_HLS_msn=${mediaSequence}`,
  ({ mediaSequence }) => `_HLS_msn=${Math.max(0, mediaSequence - 1)}`,
  // A part past the end of its segment is the first one of the next.
  ({ segments }) => {
    const last = segments.at(-1);
    const before = segments.at(-2);
    const isOpen = last !== undefined && last.uri === null && last.parts.length > 0;
    return isOpen && before !== undefined && before.parts.length > 0
      ? `_HLS_msn=${last.msn}&_HLS_part=${before.parts.length}`
      : null;
  },
];
