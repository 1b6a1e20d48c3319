import { endOf, type MediaPlaylist } from './playlist/media-playlist.ts';
import { mostPartsAhead, mostSegmentsAhead } from './rules/directive-rules.ts';

export interface DirectiveTrialsOptions {
  /** Sends a query to the playlist. */
  readonly ask: (query: string) => Promise<unknown>;
}

/** A query to try. Null if a playlist gives no occasion for it. `firstMsn` is of the first segment of the first one. */
type Trial = (playlist: MediaPlaylist, firstMsn: number) => string | null;

/** How many playlists pass between two trials. Those without parts come seldom. */
const PAUSE_PLAYLISTS = { withParts: 5, withoutParts: 2 } as const;
const FAR_SEGMENTS = 20;

/** Requests that players do not send, or rarely. Each is tried once, and the answer is checked like all others. */
export class DirectiveTrials {
  readonly #options: DirectiveTrialsOptions;
  readonly #untried = new Set(TRIALS);
  /** One more playlist is needed, so that the answer can be compared with one before. */
  #pausePlaylists = 1;
  #firstMsn: number | null = null;

  constructor(options: DirectiveTrialsOptions) {
    this.#options = options;
  }

  /** Sends the next one if it is time, and there is occasion for one. */
  async next(playlist: MediaPlaylist): Promise<void> {
    this.#firstMsn ??= playlist.mediaSequence;
    if (playlist.serverControl?.get('CAN-BLOCK-RELOAD') !== 'YES' || this.#pausePlaylists-- > 0) return;
    for (const trial of this.#untried) {
      const query = trial(playlist, this.#firstMsn);
      if (query === null) continue;
      this.#untried.delete(trial);
      this.#pausePlaylists = PAUSE_PLAYLISTS[playlist.partTargetSeconds === null ? 'withoutParts' : 'withParts'] - 1;
      await this.#options.ask(query);
      return;
    }
  }

  /** Sends what a live playlist would refuse, hold back or shorten. */
  async afterEnd(playlist: MediaPlaylist): Promise<void> {
    if (playlist.serverControl?.get('CAN-BLOCK-RELOAD') !== 'YES') return;
    const { msn } = endOf(playlist);
    for (const query of ['_HLS_part=0', `_HLS_msn=${msn + 1}`, `_HLS_msn=${msn + FAR_SEGMENTS}`, '_HLS_skip=YES']) {
      await this.#options.ask(query);
    }
  }
}

/** While a segment is young, no other one begins before the request arrives. */
const whileYoung =
  (toQuery: (msn: number, partTargetSeconds: number | null) => string | null): Trial =>
  (playlist) => {
    const { segments, partTargetSeconds } = playlist;
    const last = segments.at(-1);
    const isYoung =
      last !== undefined && (partTargetSeconds === null || (last.uri === null && last.parts.length === 1));
    return isYoung ? toQuery(last.msn, partTargetSeconds) : null;
  };

const TRIALS: readonly Trial[] = [
  () => '_HLS_part=0',
  // The second one is still too far if another segment begins meanwhile.
  whileYoung((msn, partTarget) => `_HLS_msn=${msn + mostSegmentsAhead(partTarget) + 1}`),
  whileYoung((msn, partTarget) => `_HLS_msn=${msn + mostSegmentsAhead(partTarget) + 2}`),
  whileYoung((msn, partTarget) =>
    partTarget === null ? null : `_HLS_msn=${msn + 1}&_HLS_part=${mostPartsAhead(partTarget) + 1}`,
  ),
  (playlist) => `_HLS_msn=${endOf(playlist).msn + FAR_SEGMENTS}`,
  ({ mediaSequence }) => `_HLS_msn=${mediaSequence}`,
  // What no playlist has listed may be of another presentation, which has ended.
  ({ mediaSequence }, firstMsn) => (mediaSequence > firstMsn ? `_HLS_msn=${mediaSequence - 1}` : null),
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
