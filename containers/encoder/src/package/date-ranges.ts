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
    if (this.#ranges.some((range) => range.section === section || range.end?.section === section)) return;
    const open = this.#ranges.find((range) => range.kind === 'out' && range.eventId === eventId && range.end === null);
    if (open !== undefined && kind === 'out') return;
    if (open !== undefined && kind === 'in') {
      const end = { durationSeconds: Math.max(0, startMs - open.startMs) / 1000, section };
      this.#ranges = this.#ranges.map((range) => (range === open ? { ...range, end } : range));
      return;
    }
    const range = { startMs, eventId, plannedSeconds, section, end: null };
    // An end whose beginning nobody knows is no end of a range.
    const added: DateRange = { ...range, kind: kind === 'out' ? 'out' : 'command' };
    this.#ranges = [...this.#ranges, added].slice(-MAX_DATE_RANGES);
  }

  /**
   * The tags for a playlist whose first segment begins at `fromMs`. A break without an end, and without a plan for one, may reach into
   * any segment.
   */
  tags(fromMs: number): string[] {
    return this.#ranges.filter((range) => endMs(range) >= fromMs).flatMap(tagsOf);
  }
}

function endMs({ startMs, kind, plannedSeconds, end }: DateRange): number {
  const openSeconds = kind === 'command' ? 0 : Number.POSITIVE_INFINITY;
  return startMs + (end?.durationSeconds ?? plannedSeconds ?? openSeconds) * 1000;
}

function tagsOf(range: DateRange): string[] {
  const { startMs, kind, eventId, plannedSeconds, section, end } = range;
  const start = Math.round(startMs);
  const shared = `ID="scte35-${eventId ?? 'command'}-${start}",START-DATE="${new Date(start).toISOString()}"`;
  const planned = plannedSeconds === null ? '' : `,PLANNED-DURATION=${plannedSeconds.toFixed(3)}`;
  if (kind === 'command') return [`#EXT-X-DATERANGE:${shared},DURATION=0${planned},SCTE35-CMD=0x${section}`];
  const tags = [`#EXT-X-DATERANGE:${shared}${planned},SCTE35-OUT=0x${section}`];
  if (end !== null) {
    const duration = end.durationSeconds.toFixed(3);
    tags.push(`#EXT-X-DATERANGE:${shared},DURATION=${duration},SCTE35-IN=0x${end.section}`);
  }
  return tags;
}
