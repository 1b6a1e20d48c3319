/** Reads bits, most significant first. Past the end it reads zeros and sets `exhausted`. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get exhausted(): boolean {
    return this.#position > this.#bytes.length * 8;
  }

  /** An unsigned number of up to 32 bits. */
  readBits(count: number): number {
    let value = 0;
    for (let read = 0; read < count; read++) {
      const byte = this.#bytes[this.#position >> 3] ?? 0;
      value = value * 2 + ((byte >> (7 - (this.#position & 7))) & 1);
      this.#position++;
    }
    return value;
  }

  skip(count: number): void {
    this.#position += count;
  }

  readFlag(): boolean {
    return this.readBits(1) === 1;
  }

  /** Unsigned Exp-Golomb code, `ue(v)` (ITU-T H.264, 9.1). */
  readUnsignedGolomb(): number {
    let leadingZeros = 0;
    while (leadingZeros < 32 && !this.readFlag()) leadingZeros++;
    return 2 ** leadingZeros - 1 + this.readBits(leadingZeros);
  }

  /** Signed Exp-Golomb code, `se(v)` (ITU-T H.264, 9.1.1). */
  readSignedGolomb(): number {
    const code = this.readUnsignedGolomb();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  }
}
