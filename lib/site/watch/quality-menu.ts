import Hls, { type Level } from 'hls.js';
import { find } from './find.ts';
import type { PreferenceStore } from './preferences.ts';

/** hls.js chooses the level. */
const AUTOMATIC = -1;

/** One choice. `index` is the hls.js level, or -1 for automatic. `size`: the shorter side in pixels, null for automatic. */
export interface QualityOption {
  readonly index: number;
  readonly size: number | null;
  readonly label: string;
}

type OfferedLevel = Pick<Level, 'width' | 'height' | 'codecSet'>;

const sizeOf = ({ width, height }: OfferedLevel): number => Math.min(width, height);

/**
 * Returns the choices, best first, one of each size: with the codecs of `codecSet`, which hls.js plays, if there is one.
 * Audio-only levels, which have no size, and a single size leave no choice.
 */
export function qualityOptions(levels: readonly OfferedLevel[], codecSet: string | null): readonly QualityOption[] {
  const sizes = [...new Set(levels.map(sizeOf))].sort((a, b) => b - a);
  if (sizes.length < 2 || sizes.includes(0)) return [];
  const options = sizes.map((size) => {
    const played = levels.findLastIndex((level) => sizeOf(level) === size && level.codecSet === codecSet);
    const index = played === -1 ? levels.findLastIndex((level) => sizeOf(level) === size) : played;
    return { index, size, label: `${size}p` };
  });
  return [{ index: AUTOMATIC, size: null, label: 'Auto' }, ...options];
}

/** The choice of a level, in a menu of the browser's own. It is remembered for the next stream as a size. */
export class QualityMenu {
  readonly #select = find('#quality', HTMLSelectElement);
  readonly #preferences: PreferenceStore;
  #hls: Hls | null = null;
  #options: readonly QualityOption[] = [];

  constructor(preferences: PreferenceStore) {
    this.#preferences = preferences;
    this.#select.addEventListener('change', () => {
      const index = Number(this.#select.value);
      preferences.save({ height: this.#options.find((option) => option.index === index)?.size ?? null });
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

  #offer(hls: Hls, levels: readonly OfferedLevel[]): void {
    const { codecSet = null } = hls.loadLevelObj ?? levels[hls.firstAutoLevel] ?? {};
    const options = qualityOptions(levels, codecSet);
    this.#options = options;
    this.#select.replaceChildren(...options.map(({ index, label }) => new Option(label, `${index}`)));
    this.#select.hidden = options.length === 0;
    const chosen = options.find(({ size }) => size !== null && size === this.#preferences.current.height);
    if (chosen === undefined) return;
    this.#select.value = `${chosen.index}`;
    hls.loadLevel = chosen.index;
  }
}
