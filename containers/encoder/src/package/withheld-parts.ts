import type { Part, SegmentStart } from './segment.ts';

/** A part that comes after the open segment, as the timeline would add it. */
export interface WithheldPart {
  readonly start: SegmentStart;
  readonly part: Part;
  readonly completesSegment: boolean;
}

/** What a rendition has made since it was asked to keep the next segment back. Bounded by the time for which a stream waits for it. */
export class WithheldParts {
  /** The newest segment that any rendition had: all renditions keep back what follows it. */
  readonly afterMsn: number;
  #parts: WithheldPart[] = [];

  constructor(afterMsn: number) {
    this.afterMsn = afterMsn;
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** It can be the last segment of a stream: each segment begins with a part that needs none before it. */
  get first(): WithheldPart | undefined {
    return this.#parts[0];
  }

  get all(): readonly WithheldPart[] {
    return this.#parts;
  }

  add(part: WithheldPart): void {
    this.#parts.push(part);
  }

  /** Their run has ended, so their last segment is complete. */
  completeSegment(): void {
    this.#parts = this.#parts.map((part, index) =>
      index === this.#parts.length - 1 ? { ...part, completesSegment: true } : part,
    );
  }
}
