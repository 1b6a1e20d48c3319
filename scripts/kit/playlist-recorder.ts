import { createHash } from 'node:crypto';
import { checkMediaPlaylist } from '#scripts/check-hls/check-playlist.ts';
import {
  type ListedSegment,
  type MediaPlaylist,
  parseMediaPlaylist,
} from '#scripts/check-hls/playlist/media-playlist.ts';
import { AnswerSequence } from './answer-sequence.ts';
import { LostMedia } from './lost-media.ts';
import { SegmentFacts } from './segment-facts.ts';

/** One answer to a playlist request. */
export interface PlaylistAnswer {
  /** Absolute or not, with its query. */
  readonly url: string;
  readonly body: string;
  /**
   * When the request was sent and when its answer was complete, in milliseconds of any one clock. An answer only has to
   * agree with those that were complete before its request. For a cached answer, subtract its Age from `startedAtMs`.
   * Give them for all answers or for none: then the answers came one after the other.
   */
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
}

const MEDIA_PLAYLIST_PATH = /([^/?]+)\/media\.m3u8(?:\?(.*))?$/;

/** A playlist, however often it was the answer. */
interface KnownPlaylist {
  readonly rendition: string;
  readonly playlist: MediaPlaylist;
}

/**
 * Compares all playlists that the viewers of one stream got, whichever task or cache they came from: together they must
 * be one presentation (RFC 8216bis 6.2). Multivariant playlists are ignored. Memory grows with the number of different
 * playlists.
 */
export class PlaylistRecorder {
  readonly #known = new Map<string, KnownPlaylist>();
  readonly #sequences = new Map<string, AnswerSequence>();
  readonly #facts = new SegmentFacts();
  readonly #lost = new LostMedia();
  readonly #violations = new Set<string>();
  /** Delta updates that skip what no playlist has listed so far. */
  #unresolved: KnownPlaylist[] = [];
  #targetDurationSeconds: number | null = null;
  #answers = 0;

  /** How many media playlists were added. */
  get answers(): number {
    return this.#answers;
  }

  add({ url, body, startedAtMs, endedAtMs }: PlaylistAnswer): void {
    const [, rendition, query = ''] = MEDIA_PLAYLIST_PATH.exec(url) ?? [];
    if (rendition === undefined) return;
    const order = this.#answers++;
    const isDeltaAllowed = new URLSearchParams(query).has('_HLS_skip');
    const digest = createHash('sha256').update(`${rendition} ${isDeltaAllowed}\n${body}`).digest('base64');
    const known = this.#known.get(digest) ?? this.#addNew(digest, rendition, body, isDeltaAllowed);
    if (known === null) return;
    const sequence = this.#sequences.get(rendition) ?? new AnswerSequence();
    this.#sequences.set(rendition, sequence);
    sequence.add({ playlist: known.playlist, startedAt: startedAtMs ?? order, endedAt: endedAtMs ?? order });
  }

  /** One readable line for each violation by the answers so far, with its rendition. */
  violations(): string[] {
    this.#resolve();
    const inTime = [...this.#sequences].flatMap(([rendition, sequence]) =>
      sequence.violations().map((violation) => `${rendition}: ${violation}`),
    );
    const unresolved = this.#unresolved.map(
      ({ rendition, playlist }) =>
        `${rendition}: a delta update at ${playlist.mediaSequence} skips segments that were never listed`,
    );
    return [...this.#violations, ...new Set(inTime), ...unresolved];
  }

  /**
   * Violations that the loss of a task's memory does not explain. All media that was lost has media sequence numbers below
   * `lostBelow`; 0 if none was lost.
   */
  violationsBesidesLosses(lostBelow = Number.POSITIVE_INFINITY): string[] {
    return this.violations().filter((violation) => !this.#lost.explains(violation, lostBelow));
  }

  #addNew(digest: string, rendition: string, body: string, isDeltaAllowed: boolean): KnownPlaylist | null {
    try {
      const known = { rendition, playlist: parseMediaPlaylist(body) };
      this.#known.set(digest, known);
      this.#lost.add(rendition, known.playlist);
      this.#complain(rendition, checkMediaPlaylist(body, { isDeltaAllowed }));
      this.#checkTargetDuration(known);
      if (!this.#addFacts(known)) this.#unresolved.push(known);
      return known;
    } catch (error) {
      this.#complain(rendition, [`no playlist: ${(error as Error).message}`]);
      return null;
    }
  }

  /** It is the same in all renditions, and for ever. */
  #checkTargetDuration({ rendition, playlist: { targetDurationSeconds } }: KnownPlaylist): void {
    this.#targetDurationSeconds ??= targetDurationSeconds;
    if (targetDurationSeconds === this.#targetDurationSeconds) return;
    this.#complain(rendition, [
      `EXT-X-TARGETDURATION changed from ${this.#targetDurationSeconds} to ${targetDurationSeconds}`,
    ]);
  }

  /** False if the discontinuity number of a delta update's first segment is not known yet. */
  #addFacts({ rendition, playlist }: KnownPlaylist): boolean {
    const { mediaSequence, skippedSegments, discontinuitySequence, segments } = playlist;
    let number: number | undefined = discontinuitySequence;
    if (skippedSegments !== null) {
      number = this.#facts.discontinuityNumber(rendition, mediaSequence + skippedSegments - 1);
    }
    if (number === undefined) return false;
    for (const [index, segment] of segments.entries()) {
      number += segment.discontinuities;
      this.#complain(rendition, this.#facts.add(rendition, segment, number, isClosed(segments, index)));
    }
    return true;
  }

  #resolve(): void {
    let before: number;
    do {
      before = this.#unresolved.length;
      this.#unresolved = this.#unresolved.filter((known) => !this.#addFacts(known));
    } while (this.#unresolved.length < before);
  }

  #complain(rendition: string, violations: readonly string[]): void {
    for (const violation of violations) this.#violations.add(`${rendition}: ${violation}`);
  }
}

/** A segment gets no more parts once it has a name or a successor. */
function isClosed(segments: readonly ListedSegment[], index: number): boolean {
  return segments[index]?.uri !== null || index < segments.length - 1;
}
