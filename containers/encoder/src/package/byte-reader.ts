/** Reads exact numbers of bytes from a stream of chunks. Holds one chunk more than what was asked for. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  readonly #maxBytes: number;
  #current: Uint8Array = new Uint8Array();
  #receivedBytes = 0;

  /** A stream of more than `maxBytes` makes a read throw. */
  constructor(stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, maxBytes: number) {
    this.#chunks = Symbol.asyncIterator in stream ? stream[Symbol.asyncIterator]() : stream[Symbol.iterator]();
    this.#maxBytes = maxBytes;
  }

  /**
   * The next `bytes` bytes in a buffer of their own. Takes memory only for what has arrived, so a size that is a lie
   * costs nothing. Rejects if the stream ends before.
   */
  async read(bytes: number): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    let missing = bytes;
    while (missing > 0) {
      if (this.#current.length === 0 && !(await this.#receive())) throw new Error('the stream of bytes ends too early');
      const piece = this.#current.subarray(0, missing);
      this.#current = this.#current.subarray(piece.length);
      pieces.push(piece);
      missing -= piece.length;
    }
    return joined(pieces, bytes);
  }

  /** Rejects if anything follows. */
  async expectEnd(): Promise<void> {
    while (this.#current.length === 0) {
      if (!(await this.#receive())) return;
    }
    throw new Error('bytes follow the end');
  }

  /** Gives the rest of the stream up. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #receive(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done === true) return false;
    this.#receivedBytes += value.length;
    if (this.#receivedBytes > this.#maxBytes) throw new Error(`more than ${this.#maxBytes} bytes`);
    this.#current = value;
    return true;
  }
}

/** Not in the shared pool: a part lives long, and must not keep a slab of the pool or a chunk of the network alive. */
function joined(pieces: readonly Uint8Array[], bytes: number): Buffer {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  let offset = 0;
  for (const piece of pieces) {
    buffer.set(piece, offset);
    offset += piece.length;
  }
  return buffer;
}
