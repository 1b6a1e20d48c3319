import { createHash } from 'node:crypto';
import { PLAYBACK_STATUSES, type PlaybackStatus } from '#domain/playback-status.ts';
import type { TimedResponse } from '#scripts/check-hls/http-client.ts';
import { PlaylistRecorder } from './playlist-recorder.ts';

/** A status and the span of time in which it was asked for and came. */
interface TimedStatus {
  readonly status: PlaybackStatus;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

const FILE = /\/live\/[^/]+\/(.*)$/;
const OK = 200;

/**
 * Keeps what all viewers of one stream got, from whichever task, and says what does not fit together: playlists
 * (`PlaylistRecorder`), media that differs under one name, a status that goes back. Memory grows with the number of
 * different answers.
 */
export class StreamWitness {
  readonly #recorder = new PlaylistRecorder();
  readonly #digests = new Map<string, string>();
  readonly #statuses: TimedStatus[] = [];
  readonly #contradictions = new Set<string>();
  readonly #failures = new Map<string, number>();
  #answers = 0;
  #hasEndList = false;

  /** How many answers came, refusals included. */
  get answers(): number {
    return this.#answers;
  }

  /** Whether any playlist had an EXT-X-ENDLIST. */
  get hasEndList(): boolean {
    return this.#hasEndList;
  }

  /** Adds an answer of any kind. Returns its text or media, or null if it was a refusal. */
  add(response: TimedResponse): Buffer | null {
    this.#answers += 1;
    const { url, status, body, startedAtMs, endedAtMs } = response;
    const [file = ''] = (FILE.exec(url)?.[1] ?? '').split('?');
    if (status !== OK) {
      this.fail(`${status} for ${/\.m4s$|\.mp4$/.test(file) ? 'media' : file}: ${body.subarray(0, 80)}`);
      return null;
    }
    if (file.endsWith('media.m3u8')) {
      const text = body.toString();
      this.#hasEndList ||= text.includes('#EXT-X-ENDLIST');
      this.#recorder.add({ url, body: text, startedAtMs, endedAtMs });
    } else if (file === 'status.json') {
      this.#statuses.push({ status: JSON.parse(body.toString()).status, startedAtMs, endedAtMs });
    } else if (file !== 'master.m3u8') {
      this.#addMedia(file, body);
    }
    return body;
  }

  /** Notes that a viewer did not get what it asked for. */
  fail(what: string): void {
    this.#failures.set(what, (this.#failures.get(what) ?? 0) + 1);
  }

  /** Notes that answers contradict each other. */
  contradict(what: string): void {
    this.#contradictions.add(what);
  }

  /** One line for each way in which viewers did not get what they asked for, with its count. */
  failures(): string[] {
    return [...this.#failures].map(([what, count]) => `${count} x ${what.trim()}`);
  }

  /** One line for each contradiction between answers. */
  contradictions(): string[] {
    return [...this.#recorder.violations(), ...this.#otherContradictions()];
  }

  /** Contradictions that the loss of a task does not explain. */
  contradictionsBesidesLosses(): string[] {
    return [...this.#recorder.violationsBesidesLosses(), ...this.#otherContradictions()];
  }

  /** All statuses that were answered. */
  statuses(): string[] {
    return [...new Set(this.#statuses.map(({ status }) => status))];
  }

  /** A name is for ever the same bytes, in every task and every cache. */
  #addMedia(name: string, body: Buffer): void {
    const digest = createHash('sha256').update(body).digest('base64');
    const known = this.#digests.get(name) ?? digest;
    this.#digests.set(name, known);
    if (known !== digest) this.contradict(`${name} has other bytes than before`);
  }

  #otherContradictions(): string[] {
    return [...this.#contradictions, ...this.#statusesThatWentBack()];
  }

  #statusesThatWentBack(): string[] {
    const byEnd = this.#statuses.toSorted((a, b) => a.endedAtMs - b.endedAtMs);
    const byStart = this.#statuses.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
    const found = new Set<string>();
    let highest = 0;
    let next = 0;
    for (const { status, startedAtMs } of byStart) {
      for (let answer = byEnd[next]; answer !== undefined && answer.endedAtMs < startedAtMs; answer = byEnd[++next]) {
        highest = Math.max(highest, PLAYBACK_STATUSES.indexOf(answer.status));
      }
      if (PLAYBACK_STATUSES.indexOf(status) < highest)
        found.add(`the status went back from ${PLAYBACK_STATUSES[highest]} to ${status}`);
    }
    return [...found];
  }
}
