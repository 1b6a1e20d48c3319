const BUFFER_BYTES = 128 * 1024;
/** How many buffers are kept while no socket needs them. */
const MAX_SPARE = 32;

/** Memory that sockets read into, and that is used again. As garbage, it would cost more CPU than all the rest of passing an answer on. */
export class ReadBuffers {
  readonly #spare: Buffer[] = [];

  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }

  /** Nobody may read the buffer after this. */
  giveBack(buffer: Buffer): void {
    if (this.#spare.length < MAX_SPARE) this.#spare.push(buffer);
  }
}
