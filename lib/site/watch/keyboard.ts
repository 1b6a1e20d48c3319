/** What keys do. */
export type KeyAction =
  | 'toggle-play'
  | 'toggle-mute'
  | 'volume-up'
  | 'volume-down'
  | 'back'
  | 'go-live'
  | 'toggle-full-screen'
  | 'show-keys';

/** One line of the list of keys. */
export interface KeyBinding {
  readonly action: KeyAction;
  /** Values of `KeyboardEvent.key`, in lower case. */
  readonly keys: readonly string[];
  /** How a person writes them. */
  readonly names: readonly string[];
  readonly description: string;
}

export const KEY_BINDINGS: readonly KeyBinding[] = [
  { action: 'toggle-play', keys: [' ', 'k'], names: ['Space', 'K'], description: 'Play or pause' },
  { action: 'toggle-mute', keys: ['m'], names: ['M'], description: 'Sound on or off' },
  { action: 'volume-up', keys: ['arrowup'], names: ['↑'], description: 'Louder' },
  { action: 'volume-down', keys: ['arrowdown'], names: ['↓'], description: 'Quieter' },
  { action: 'back', keys: ['j', 'arrowleft'], names: ['J', '←'], description: 'Back 10 seconds' },
  { action: 'go-live', keys: ['l', 'end'], names: ['L', 'End'], description: 'Go live' },
  { action: 'toggle-full-screen', keys: ['f'], names: ['F'], description: 'Full screen on or off' },
  { action: 'show-keys', keys: ['?'], names: ['?'], description: 'This list' },
];

/** Controls that use all keys while they have the focus, and those that use some. */
const FIELDS =
  'input:not([type="range"]), textarea, select, [contenteditable]:not([contenteditable="false"]), [role^="menu"]';
const BUTTONS = 'button, a[href], summary, [role="button"]';
const SLIDERS = 'input[type="range"], [role="slider"]';

/** The part of an element that is asked. */
type Focused = { matches(selectors: string): boolean };
type Key = Pick<KeyboardEvent, 'key' | 'altKey' | 'ctrlKey' | 'metaKey' | 'isComposing' | 'defaultPrevented'>;

/** Returns what a key does while `focused` has the focus, or null if it is not for the player. */
export function actionOf(event: Key, focused: Focused | null): KeyAction | null {
  if (event.defaultPrevented || event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return null;
  const key = event.key.toLowerCase();
  if (focused?.matches(FIELDS)) return null;
  if (key === ' ' && focused?.matches(BUTTONS)) return null;
  if ((key.startsWith('arrow') || key === 'end') && focused?.matches(SLIDERS)) return null;
  return KEY_BINDINGS.find(({ keys }) => keys.includes(key))?.action ?? null;
}
