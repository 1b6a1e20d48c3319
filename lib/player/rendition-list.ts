import Hls, { type Level } from 'hls.js';

/** One entry of the quality menu. `id` is the hls.js level index as text. */
export interface Rendition {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly bitrate: number;
}

/**
 * hls.js levels in the form that media-chrome's rendition menu reads from `videoRenditions` of a media element:
 * array-like, with `selectedIndex` -1 for automatic and the events `addrendition`, `removerendition` and `change`.
 */
export class RenditionList extends EventTarget {
  readonly [index: number]: Rendition;
  #renditions: readonly Rendition[] = [];
  #selectedIndex = -1;
  readonly #onSelect: (index: number) => void;

  /** `onSelect` receives the selected index, or -1 for automatic. */
  constructor(onSelect: (index: number) => void) {
    super();
    this.#onSelect = onSelect;
  }

  get length(): number {
    return this.#renditions.length;
  }

  get selectedIndex(): number {
    return this.#selectedIndex;
  }

  set selectedIndex(index: number) {
    this.#selectedIndex = index;
    this.#onSelect(index);
    this.dispatchEvent(new Event('change'));
  }

  [Symbol.iterator](): Iterator<Rendition> {
    return this.#renditions[Symbol.iterator]();
  }

  /** Replaces all entries. The selection returns to automatic because its index may now mean another entry. */
  replace(renditions: readonly Rendition[]): void {
    for (const index of this.#renditions.keys()) Reflect.deleteProperty(this, index);
    this.#renditions = renditions;
    this.#selectedIndex = -1;
    Object.assign(this, renditions);
    this.dispatchEvent(new Event('removerendition'));
    this.dispatchEvent(new Event('addrendition'));
  }
}

/**
 * Returns the menu entries for hls.js levels, in the same order. Audio-only levels, which have no size, make no menu.
 */
export function toRenditions(levels: readonly Pick<Level, 'width' | 'height' | 'bitrate'>[]): readonly Rendition[] {
  if (levels.some(({ height }) => height === 0)) return [];
  return levels.map(({ width, height, bitrate }, index) => ({ id: `${index}`, width, height, bitrate }));
}

/** Fills `list` from every manifest that `hls` loads, and again when `hls` drops a level that it cannot decode. */
export function bridgeRenditions(hls: Hls, list: RenditionList): void {
  hls.on(Hls.Events.MANIFEST_PARSED, (_event, { levels }) => list.replace(toRenditions(levels)));
  hls.on(Hls.Events.LEVELS_UPDATED, (_event, { levels }) => list.replace(toRenditions(levels)));
}
