import type { Writable } from 'node:stream';
import type { ForwardedBody } from '#encoder/origin/origin-response.ts';

/** Bytes of a body. */
export interface BodyPiece {
  readonly bytes: Buffer;
  /** Called when the bytes are not needed any more. */
  readonly onSent: (() => void) | undefined;
}

/** Where a body comes from. */
export interface BodySource {
  /** Goes on after `add` has returned false. */
  resume(): void;
  destroy(): void;
}

/** The body of another task's answer. It is sent as it comes in, and never copied into one buffer. */
export class AnswerBody implements ForwardedBody {
  readonly #source: BodySource;
  #sink: Writable | null = null;
  /** What has come before there was a sink. */
  #early: readonly BodyPiece[] = [];
  #state: 'coming' | 'complete' | 'broken' = 'coming';

  constructor(source: BodySource) {
    this.#source = source;
  }

  /** Takes what comes next. Returns false if nothing more may come until the source is told to go on. */
  add(piece: BodyPiece, isLast: boolean): boolean {
    if (isLast) this.#state = 'complete';
    if (this.#sink !== null) return this.#send(this.#sink, [piece]);
    this.#early = [...this.#early, piece];
    return this.#early.length === 1;
  }

  /** Nothing more comes. */
  breakOff(): void {
    this.#state = 'broken';
    this.#sink?.destroy();
  }

  pipeTo(sink: Writable): void {
    this.#sink = sink;
    const early = this.#early;
    this.#early = [];
    if (this.#state === 'broken') sink.destroy();
    else if (this.#send(sink, early)) this.#source.resume();
  }

  destroy(): void {
    if (this.#state === 'coming') this.#source.destroy();
  }

  /** Returns false if the client has to read first. Then the source is told when it has. */
  #send(sink: Writable, pieces: readonly BodyPiece[]): boolean {
    let isFull = false;
    for (const { bytes, onSent } of pieces) isFull = !sink.write(bytes, onSent);
    const isComplete = this.#state === 'complete';
    const goOn = (): void => {
      if (isComplete) sink.end();
      else this.#source.resume();
    };
    // A response that ended earlier counts as idle when its server closes.
    if (isFull) sink.once('drain', goOn);
    else if (isComplete) sink.end();
    return !isFull;
  }
}
