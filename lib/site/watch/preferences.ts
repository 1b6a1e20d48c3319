/** What a viewer chose, and finds again with the next stream. */
export interface Preferences {
  /** 0 to 1. */
  readonly volume: number;
  readonly isMuted: boolean;
  /** Height of the chosen rendition, its width if that is shorter. Null: automatic. */
  readonly height: number | null;
}

/** Browsers play without a tap only what is muted. */
const DEFAULTS: Preferences = { volume: 1, isMuted: true, height: null };
const KEY = 'headend-player';
const MAX_HEIGHT = 10_000;

/** Keeps preferences in the browser. `openStorage` throws where a browser allows none, as it may for embedded pages. */
export class PreferenceStore {
  readonly #openStorage: () => Pick<Storage, 'getItem' | 'setItem'>;
  #current: Preferences;

  constructor(openStorage: () => Pick<Storage, 'getItem' | 'setItem'>) {
    this.#openStorage = openStorage;
    this.#current = this.#read();
  }

  get current(): Preferences {
    return this.#current;
  }

  save(changes: Partial<Preferences>): void {
    this.#current = { ...this.#current, ...changes };
    try {
      this.#openStorage().setItem(KEY, JSON.stringify(this.#current));
    } catch {
      // Denied or full: the choice lasts as long as the page.
    }
  }

  #read(): Preferences {
    try {
      return parsePreferences(JSON.parse(this.#openStorage().getItem(KEY) ?? '{}'));
    } catch {
      // Denied, or not ours.
      return DEFAULTS;
    }
  }
}

/** Another version of this page, or another page of the site, may have written anything. */
function parsePreferences(stored: unknown): Preferences {
  const { volume, isMuted, height } = Object(stored) as Record<keyof Preferences, unknown>;
  return {
    volume: typeof volume === 'number' && volume >= 0 && volume <= 1 ? volume : DEFAULTS.volume,
    isMuted: typeof isMuted === 'boolean' ? isMuted : DEFAULTS.isMuted,
    height: typeof height === 'number' && height > 0 && height <= MAX_HEIGHT ? height : DEFAULTS.height,
  };
}
