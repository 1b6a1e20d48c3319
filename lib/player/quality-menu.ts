import Hls, { type Level } from 'hls.js';
import { find } from './find.ts';
import type { PreferenceStore } from './preferences.ts';

/** hls.js chooses the level. */
const AUTOMATIC = -1;

/** One choice. `index` is the hls.js level, or -1 for automatic. */
export interface QualityOption {
  readonly index: number;
  readonly label: string;
}

type LevelSize = Pick<Level, 'width' | 'height'>;

/** Returns the choices, best first. Audio-only levels, which have no size, and a single level leave no choice. */
export function qualityOptions(levels: readonly LevelSize[]): readonly QualityOption[] {
  if (levels.length < 2 || levels.some(({ height }) => height === 0)) return [];
  const options = levels.map(({ width, height }, index) => ({ index, label: `${Math.min(width, height)}p` }));
  return [{ index: AUTOMATIC, label: 'Auto' }, ...options.reverse()];
}

/** The choice of a level, in a menu of the browser's own. It is remembered for the next stream as a height. */
export class QualityMenu {
  readonly #select = find('#quality', HTMLSelectElement);
  readonly #preferences: PreferenceStore;
  #hls: Hls | null = null;

  constructor(preferences: PreferenceStore) {
    this.#preferences = preferences;
    this.#select.addEventListener('change', () => {
      const index = Number(this.#select.value);
      preferences.save({ height: this.#hls?.levels[index]?.height ?? null });
      // loadLevel takes effect with the next fragment. nextLevel would empty the buffer, which stalls low-latency
      // playback.
      if (this.#hls !== null) this.#hls.loadLevel = index;
      // Keys are the player's again.
      this.#select.blur();
    });
  }

  /** Offers the levels of every manifest that `hls` loads, and again when it drops one that it cannot decode. */
  attach(hls: Hls): void {
    this.#hls = hls;
    hls.on(Hls.Events.MANIFEST_PARSED, (_event, { levels }) => this.#offer(hls, levels));
    hls.on(Hls.Events.LEVELS_UPDATED, (_event, { levels }) => this.#offer(hls, levels));
  }

  #offer(hls: Hls, levels: readonly LevelSize[]): void {
    const options = qualityOptions(levels);
    this.#select.replaceChildren(...options.map(({ index, label }) => new Option(label, `${index}`)));
    this.#select.hidden = options.length === 0;
    const chosen = levels.findIndex(({ height }) => height === this.#preferences.current.height);
    if (options.length === 0 || chosen === -1) return;
    this.#select.value = `${chosen}`;
    hls.loadLevel = chosen;
  }
}
