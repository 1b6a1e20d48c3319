/** Longer than the size of any chunk in hexadecimal digits, with the end of its line. */
const MAX_SIZE_LINE = 10;
const SIZE_LINE = /^[0-9a-f]{1,8}\r\n$/i;
const END_OF_LINE = '\r\n';

/** Takes the chunks of a body apart, as our own tasks send them: without extensions and trailers (RFC 9112 7.1). */
export class ChunkedBody {
  #state: 'size' | 'data' | 'end of data' | 'end' | 'complete' = 'size';
  /** The beginning of a line. */
  #line = '';
  #bytesLeft = 0;

  /** Nothing more may come. */
  get isComplete(): boolean {
    return this.#state === 'complete';
  }

  /** Returns the data in what came, as views into it. Throws if it is no chunked body, or more than that. */
  read(bytes: Buffer): Buffer[] {
    const data: Buffer[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === 'complete') throw new Error('the answer is longer than it says');
      if (this.#state !== 'data') {
        this.#readLine(bytes[at] ?? 0);
        at++;
        continue;
      }
      const count = Math.min(this.#bytesLeft, bytes.length - at);
      data.push(bytes.subarray(at, at + count));
      at += count;
      this.#bytesLeft -= count;
      if (this.#bytesLeft === 0) this.#state = 'end of data';
    }
    return data;
  }

  #readLine(byte: number): void {
    this.#line += String.fromCharCode(byte);
    if (this.#line.length > MAX_SIZE_LINE) throw new Error('the answer has a chunk without a size');
    if (!this.#line.endsWith('\n')) return;
    const line = this.#line;
    this.#line = '';
    if (this.#state === 'size') this.#begin(line);
    else if (line !== END_OF_LINE) throw new Error('a chunk of the answer is longer than it says');
    else this.#state = this.#state === 'end' ? 'complete' : 'size';
  }

  #begin(line: string): void {
    if (!SIZE_LINE.test(line)) throw new Error('the answer has a chunk without a size');
    this.#bytesLeft = Number.parseInt(line, 16);
    this.#state = this.#bytesLeft === 0 ? 'end' : 'data';
  }
}
