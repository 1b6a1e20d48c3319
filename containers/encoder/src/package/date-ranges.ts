import type { SpliceSignal } from '#encoder/media/splice-info.ts';

/** An EXT-X-DATERANGE for an SCTE-35 signal (RFC 8216bis 4.4.5.1.1). What players have been told never changes. */
export interface DateRange {
  readonly startMs: number;
  readonly kind: 'out' | 'command';
  readonly eventId: number | null;
  readonly plannedSeconds: number | null;
  /** The SCTE-35 section in hexadecimal. */
  readonly section: string;
  /** The end of a break. Null if nobody has signalled it. */
  readonly end: { readonly durationSeconds: number; readonly section: string } | null;
}

/** Playlists list the newest ones. */
export const MAX_DATE_RANGES = 12;

/**
 * Encoders announce a splice a few times, from some seconds before it until shortly after it. What comes a minute later is about
 * another splice, even with the same bytes: some give all breaks one event id, and an immediate splice_insert has no time.
 */
const REPEAT_MS = 60_000;
/** A break of which less is planned is repeated for longer than it lasts. */
const MIN_PLANNED_REPEAT_MS = 10_000;

interface Repeatable {
  readonly kind: SpliceSignal['kind'];
  readonly section: string;
  readonly startMs: number;
  readonly newest: DateRange | undefined;
}

/** The breaks and other signals for advertising that a stream's playlists list. */
export class DateRanges {
  /** In the order in which they came. */
  #ranges: readonly DateRange[];

  constructor(ranges: readonly DateRange[]) {
    this.#ranges = ranges;
  }

  get all(): readonly DateRange[] {
    return this.#ranges;
  }

  /** A signal for the moment `startMs`, in milliseconds since 1970. Encoders repeat signals, which changes nothing. */
  add({ kind, eventId, plannedSeconds, section: bytes }: SpliceSignal, startMs: number): void {
    const section = bytes.toString('hex').toUpperCase();
    const newest = this.#ranges.findLast((range) => range.kind === 'out' && range.eventId === eventId);
    // Of two breaks with one number, a section that begins the second one has ended the first one.
    const isOpen = newest?.end === null && newest.section !== section;
    if (kind === 'in' && isOpen) this.#end(newest, startMs, section);
    else if (!this.#isRepeated({ kind, section, startMs, newest })) {
      // An end whose beginning nobody knows is no end of a range.
      this.#append({ startMs, kind: kind === 'out' ? kind : 'command', eventId, plannedSeconds, section, end: null });
    }
  }

  /** `newest` is the newest break of the same event. */
  #isRepeated({ kind, section, startMs, newest }: Repeatable): boolean {
    if (kind === 'out') return newest !== undefined && startMs < repeatedUntilMs(newest);
    if (kind === 'in' && newest !== undefined && startMs < endMs(newest) + REPEAT_MS) return true;
    const same = this.#ranges.findLast((range) => range.kind === 'command' && range.section === section);
    return same !== undefined && startMs < same.startMs + REPEAT_MS;
  }

  #end(open: DateRange, atMs: number, section: string): void {
    const end = { durationSeconds: Math.max(0, atMs - open.startMs) / 1000, section };
    this.#ranges = this.#ranges.map((range) => (range === open ? { ...range, end } : range));
  }

  /** If there are too many, commands and what has ended go first, so that a break still gets its end. */
  #append(range: DateRange): void {
    let added = range;
    // Two ranges with one ID would be one range whose attributes change.
    while (this.#ranges.some((other) => idOf(other) === idOf(added))) added = { ...added, startMs: added.startMs + 1 };
    const all = [...this.#ranges, added];
    if (all.length <= MAX_DATE_RANGES) {
      this.#ranges = all;
      return;
    }
    const isOver = (other: DateRange) => other.end !== null || lastMs(other, all) <= added.startMs;
    const over = this.#ranges.findIndex(isOver);
    this.#ranges = all.toSpliced(Math.max(0, over), 1);
  }

  /**
   * The tags for a playlist whose first segment begins at `fromMs`. A break without an end, and without a plan for one, may reach into
   * any segment until the next break of the same event.
   */
  tags(fromMs: number): string[] {
    return this.#ranges.filter((range) => lastMs(range, this.#ranges) >= fromMs).flatMap(tagsOf);
  }
}

function endMs({ startMs, kind, plannedSeconds, end }: DateRange): number {
  const openSeconds = kind === 'command' ? 0 : Number.POSITIVE_INFINITY;
  return startMs + (end?.durationSeconds ?? plannedSeconds ?? openSeconds) * 1000;
}

/** Until when the same event's signal for a beginning is a repeated one. */
function repeatedUntilMs(range: DateRange): number {
  if (range.end !== null) return endMs(range);
  const { startMs, plannedSeconds } = range;
  return startMs + (plannedSeconds === null ? REPEAT_MS : Math.max(plannedSeconds * 1000, MIN_PLANNED_REPEAT_MS));
}

/** The end of a range, which is the next break of its event at the latest. */
function lastMs(range: DateRange, all: readonly DateRange[]): number {
  const next = all.find(
    ({ kind, eventId, startMs }) => kind === 'out' && eventId === range.eventId && startMs > range.startMs,
  );
  return Math.min(endMs(range), next?.startMs ?? Number.POSITIVE_INFINITY);
}

function idOf({ eventId, startMs }: DateRange): string {
  return `scte35-${eventId ?? 'command'}-${Math.round(startMs)}`;
}

function tagsOf(range: DateRange): string[] {
  const { startMs, kind, plannedSeconds, section, end } = range;
  const shared = `ID="${idOf(range)}",START-DATE="${new Date(Math.round(startMs)).toISOString()}"`;
  const planned = plannedSeconds === null ? '' : `,PLANNED-DURATION=${plannedSeconds.toFixed(3)}`;
  if (kind === 'command') return [`#EXT-X-DATERANGE:${shared},DURATION=0${planned},SCTE35-CMD=0x${section}`];
  const tags = [`#EXT-X-DATERANGE:${shared}${planned},SCTE35-OUT=0x${section}`];
  if (end !== null) {
    const duration = end.durationSeconds.toFixed(3);
    tags.push(`#EXT-X-DATERANGE:${shared},DURATION=${duration},SCTE35-IN=0x${end.section}`);
  }
  return tags;
}
