import { find } from './find.ts';
import { KEY_BINDINGS } from './keyboard.ts';

/** The list of keys. The browser keeps the focus in it, and closes it with Escape. */
export class KeysDialog {
  readonly #dialog = find('#keys', HTMLDialogElement);

  constructor() {
    const lines = KEY_BINDINGS.flatMap(({ names, description }) => {
      const term = document.createElement('dt');
      term.textContent = description;
      const definition = document.createElement('dd');
      definition.append(...names.map(keyOf));
      return [term, definition];
    });
    find('#keys-list', HTMLElement).append(...lines);
    find('#keys-button', HTMLButtonElement).addEventListener('click', () => this.show());
    this.#dialog.addEventListener('click', ({ target }) => {
      // The dialog itself is only hit outside its content.
      if (target === this.#dialog) this.#dialog.close();
    });
  }

  get isOpen(): boolean {
    return this.#dialog.open;
  }

  show(): void {
    this.#dialog.showModal();
  }
}

function keyOf(name: string): HTMLElement {
  const key = document.createElement('kbd');
  key.textContent = name;
  return key;
}
