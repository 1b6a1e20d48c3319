/** The picture of `fromMs` was the last one until that of `untilMs`, which is infinite as long as none comes. */
interface PictureAbsence {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** How many are remembered. The packager asks about the last few seconds only. */
const MAX_REMEMBERED = 8;

/** When a source's picture was missing while its sound went on. Times are on the publisher's timeline, in milliseconds. */
export class PictureAbsences {
  /** Oldest first. Only the newest may go on. */
  readonly #absences: PictureAbsence[] = [];

  /** No picture comes after that of `fromMs`. Does nothing if that is known. */
  begin(fromMs: number): void {
    if (this.#goesOn) return;
    this.#absences.push({ fromMs, untilMs: Number.POSITIVE_INFINITY });
    if (this.#absences.length > MAX_REMEMBERED) this.#absences.shift();
  }

  /** A picture is there again, from `untilMs` on. */
  end(untilMs: number): void {
    const newest = this.#goesOn ? this.#absences.pop() : undefined;
    if (newest !== undefined) this.#absences.push({ ...newest, untilMs });
  }

  /** How long the picture had been missing at a moment; 0 if it was there. */
  missingMsAt(timelineMs: number): number {
    const absence = this.#absences.findLast(({ fromMs, untilMs }) => fromMs < timelineMs && timelineMs < untilMs);
    return absence === undefined ? 0 : timelineMs - absence.fromMs;
  }

  get #goesOn(): boolean {
    return this.#absences.at(-1)?.untilMs === Number.POSITIVE_INFINITY;
  }
}
