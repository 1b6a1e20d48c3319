import {
  compareEnds,
  endOf,
  type MediaPlaylist,
  type PlaylistEnd,
} from '#scripts/check-hls/playlist/media-playlist.ts';

/** An answer and when it was asked for and complete, on one clock. */
export interface TimedAnswer {
  readonly playlist: MediaPlaylist;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** The answers for one media playlist, in time: none may fall behind those that were complete before its request. */
export class AnswerSequence {
  readonly #answers: TimedAnswer[] = [];

  add(answer: TimedAnswer): void {
    this.#answers.push(answer);
  }

  /** One readable line for each violation. */
  violations(): string[] {
    const byEnd = this.#answers.toSorted((a, b) => a.endedAt - b.endedAt);
    const byStart = this.#answers.toSorted((a, b) => a.startedAt - b.startedAt);
    const before = new Progress();
    let next = 0;
    return byStart.flatMap(({ playlist, startedAt }) => {
      for (let answer = byEnd[next]; answer !== undefined && answer.endedAt < startedAt; answer = byEnd[++next]) {
        before.add(answer.playlist);
      }
      return before.violationsBy(playlist);
    });
  }
}

/** How far a playlist has come. */
class Progress {
  #mediaSequence = 0;
  #discontinuitySequence = 0;
  #partTargetSeconds: number | null = null;
  #end: PlaylistEnd = { msn: -1, parts: 0 };
  #isEnded = false;
  /** By media sequence number: how many parts were listed. */
  readonly #parts = new Map<number, number>();

  add(playlist: MediaPlaylist): void {
    this.#mediaSequence = Math.max(this.#mediaSequence, playlist.mediaSequence);
    this.#discontinuitySequence = Math.max(this.#discontinuitySequence, playlist.discontinuitySequence);
    this.#partTargetSeconds ??= playlist.partTargetSeconds;
    if (compareEnds(endOf(playlist), this.#end) > 0) this.#end = endOf(playlist);
    this.#isEnded ||= playlist.isEnded;
    for (const { msn, parts } of playlist.segments) {
      this.#parts.set(msn, Math.max(this.#parts.get(msn) ?? 0, parts.length));
    }
  }

  violationsBy(playlist: MediaPlaylist): string[] {
    const { mediaSequence, discontinuitySequence, partTargetSeconds, isEnded, segments } = playlist;
    const end = endOf(playlist);
    const rules: readonly (readonly [boolean, string])[] = [
      [
        mediaSequence < this.#mediaSequence,
        `EXT-X-MEDIA-SEQUENCE went back from ${this.#mediaSequence} to ${mediaSequence}`,
      ],
      [
        discontinuitySequence < this.#discontinuitySequence,
        `EXT-X-DISCONTINUITY-SEQUENCE went back from ${this.#discontinuitySequence} to ${discontinuitySequence}`,
      ],
      [
        partTargetSeconds !== (this.#partTargetSeconds ?? partTargetSeconds),
        `PART-TARGET changed from ${this.#partTargetSeconds} to ${partTargetSeconds}`,
      ],
      [!isEnded && compareEnds(end, this.#end) < 0, `the end went back from segment ${this.#end.msn} to ${end.msn}`],
      // Only the media of a lost task is gone like this.
      [
        isEnded && compareEnds(end, this.#end) < 0,
        `EXT-X-ENDLIST after segment ${end.msn}, though ${this.#end.msn} was listed`,
      ],
      [this.#isEnded && !isEnded, `the playlist is without its EXT-X-ENDLIST again at ${mediaSequence}`],
      [this.#isEnded && end.msn > this.#end.msn, `segment ${end.msn} follows EXT-X-ENDLIST`],
    ];
    const lostParts = segments.filter(
      ({ msn, parts }) => parts.length > 0 && parts.length < (this.#parts.get(msn) ?? 0),
    );
    return [
      ...rules.filter(([isViolated]) => isViolated).map(([, what]) => what),
      ...lostParts.map(({ msn }) => `segment ${msn} has lost parts`),
    ];
  }
}
