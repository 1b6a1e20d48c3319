import type { MediaRun, TimedDatum } from '#encoder/media/media-run.ts';
import type { DateRanges } from './date-ranges.ts';

/** A part that is about to be published, on the run's own timeline. */
export interface ClosedPart {
  readonly segmentIndex: number;
  readonly partIndex: number;
  readonly fromSeconds: number;
  readonly untilSeconds: number;
  /** Of its segment. */
  readonly msn: number;
  /** The date of its beginning, in milliseconds since 1970. */
  readonly dateTimeMs: number;
}

/** Something that the publisher said, at the run's own time of the part that it is in. */
export interface PartEvent {
  readonly id: number;
  readonly mediaSeconds: number;
  readonly id3: Buffer;
}

/** How many parts' events are kept for renditions that lag. */
const REMEMBERED_PARTS = 64;
/** Numbers of events are unique for as long as anybody keeps one: a segment never has so many. */
const NUMBERS_PER_SEGMENT = 1024;
const NUMBERS = 2 ** 32;
const NOTHING: readonly PartEvent[] = [];

/**
 * What the publisher says, in the parts where it belongs: the same in all video renditions. The one that closes a part first decides,
 * because what comes afterwards is too late for that part.
 */
export class RunEvents {
  readonly #run: MediaRun;
  readonly #dateRanges: DateRanges;
  readonly #byPart = new Map<string, readonly PartEvent[]>();
  /** The newest part that any rendition has closed. */
  #newest = { segmentIndex: -1, partIndex: -1 };
  #numberOfSegment = 0;
  #msn = 0;

  constructor(run: MediaRun, dateRanges: DateRanges) {
    this.#run = run;
    this.#dateRanges = dateRanges;
  }

  /** The events of a part of any rendition. */
  of(part: ClosedPart): readonly PartEvent[] {
    const key = `${part.segmentIndex}.${part.partIndex}`;
    if (!this.#isNew(part)) return this.#byPart.get(key) ?? NOTHING;
    this.#newest = part;
    const data = this.#run.takeTimedData?.(part.untilSeconds) ?? [];
    if (data.length === 0) return NOTHING;
    const events = data.map((datum) => this.#place(datum, part));
    this.#byPart.set(key, events);
    const oldest = this.#byPart.size > REMEMBERED_PARTS ? this.#byPart.keys().next() : null;
    if (oldest?.done === false) this.#byPart.delete(oldest.value);
    return events;
  }

  #isNew({ segmentIndex, partIndex }: ClosedPart): boolean {
    const steps = segmentIndex - this.#newest.segmentIndex;
    return steps > 0 || (steps === 0 && partIndex > this.#newest.partIndex);
  }

  /** What came too late is moved to the beginning of the part. */
  #place({ mediaSeconds, message, leadSeconds }: TimedDatum, part: ClosedPart): PartEvent {
    const { fromSeconds, msn, dateTimeMs } = part;
    const placedSeconds = Math.max(mediaSeconds, fromSeconds);
    const { splices, id3 } = message;
    for (const splice of splices) {
      this.#dateRanges.add(splice, dateTimeMs + (mediaSeconds + leadSeconds - fromSeconds) * 1000);
    }
    return { id: this.#nextNumber(msn), mediaSeconds: placedSeconds, id3 };
  }

  #nextNumber(msn: number): number {
    this.#numberOfSegment = msn === this.#msn ? this.#numberOfSegment + 1 : 0;
    this.#msn = msn;
    return (msn * NUMBERS_PER_SEGMENT + this.#numberOfSegment) % NUMBERS;
  }
}
