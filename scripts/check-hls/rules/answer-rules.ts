import type { TimedResponse } from '../http-client.ts';
import { type HlsRule, when } from '../rule.ts';

export type AnsweredKind = 'multivariant-playlist' | 'media-playlist' | 'init' | 'media' | 'other';

/** One answer over HTTP, and what is known of the file. */
export interface ObservedAnswer {
  readonly response: Pick<TimedResponse, 'status' | 'headers'> & { readonly bodyBytes: number };
  readonly kind: AnsweredKind;
  /** Whether it was held for `_HLS_msn`. */
  readonly isBlocking: boolean;
  readonly targetDurationSeconds: number | null;
}

const LIVES = { year: 31_536_000, blockingTargets: 6, plainTargets: 0.5, shortest: 1 } as const;
const LIFETIMES = 'B.1';
const PLAYLIST_TYPES = ['application/vnd.apple.mpegurl', 'audio/mpegurl'];
const MEDIA_TYPES = ['video/mp4', 'audio/mp4', 'application/mp4', 'video/iso.segment', 'audio/iso.segment'];

const isPlaylist = ({ kind }: ObservedAnswer): boolean => kind === 'multivariant-playlist' || kind === 'media-playlist';
const isMedia = ({ kind }: ObservedAnswer): boolean => kind === 'init' || kind === 'media';
const isGood = ({ response: { status } }: ObservedAnswer): boolean => status === 200 || status === 206;
const header = ({ response: { headers } }: ObservedAnswer, name: string): string => String(headers[name] ?? '');

/** What holds for answers over HTTP: types, lengths, lifetimes in caches, reading across origins. */
export const ANSWER_RULES: readonly HlsRule<ObservedAnswer>[] = [
  {
    id: 'playlist-content-type',
    section: '4',
    check: (answer) =>
      when(
        isPlaylist(answer) && isGood(answer) && !hasType(answer, PLAYLIST_TYPES),
        () => `content-type is ${header(answer, 'content-type')}`,
      ),
  },
  {
    id: 'media-content-type',
    section: 'Apple HLS authoring specification, 10.4',
    check: (answer) =>
      when(
        isMedia(answer) && isGood(answer) && !hasType(answer, MEDIA_TYPES),
        () => `content-type is ${header(answer, 'content-type')}`,
      ),
  },
  {
    id: 'content-length',
    section: LIFETIMES,
    check: (answer) => {
      const length = header(answer, 'content-length');
      const isPlain = header(answer, 'content-encoding') === '';
      return when(
        (isPlaylist(answer) || isMedia(answer)) &&
          isGood(answer) &&
          (length === '' || (isPlain && Number(length) !== answer.response.bodyBytes)),
        () => `content-length is ${length || 'missing'}, the body has ${answer.response.bodyBytes} bytes`,
      );
    },
  },
  {
    id: 'read-across-origins',
    section: 'C',
    check: (answer) => {
      if (answer.kind === 'other' || !isGood(answer)) return [];
      const exposed = header(answer, 'access-control-expose-headers').toLowerCase();
      return [
        ...when(header(answer, 'access-control-allow-origin') === '', () => 'access-control-allow-origin is missing'),
        ...when(
          isPlaylist(answer) && !/(^|[\s,])(age|\*)($|[\s,])/.test(exposed),
          () => `Age is not exposed: ${exposed}`,
        ),
      ];
    },
  },
  {
    id: 'blocking-answer-lifetime',
    section: LIFETIMES,
    check: (answer) => {
      if (answer.kind !== 'media-playlist' || !answer.isBlocking || !isGood(answer)) return [];
      const most = LIVES.blockingTargets * (answer.targetDurationSeconds ?? Number.POSITIVE_INFINITY);
      const seconds = maxAge(answer);
      return when(
        !(seconds !== null && seconds >= 1 && seconds <= most),
        () => `cache-control is ${header(answer, 'cache-control')}, 1 to ${most} s are right`,
      );
    },
  },
  {
    id: 'playlist-lifetime',
    section: LIFETIMES,
    check: (answer) => {
      if (!isPlaylist(answer) || answer.isBlocking || !isGood(answer)) return [];
      const most = Math.max(LIVES.shortest, LIVES.plainTargets * (answer.targetDurationSeconds ?? 0));
      const seconds = maxAge(answer);
      return when(
        seconds === null || seconds > most,
        () => `cache-control is ${header(answer, 'cache-control')}, at most ${most} s are right`,
      );
    },
  },
  {
    id: 'media-lifetime',
    section: LIFETIMES,
    check: (answer) =>
      when(
        isMedia(answer) &&
          isGood(answer) &&
          !((maxAge(answer) ?? 0) >= LIVES.year && header(answer, 'cache-control').includes('immutable')),
        () => `cache-control is ${header(answer, 'cache-control')}, a year and immutable are right`,
      ),
  },
  {
    id: 'refusal-lifetime',
    section: '6.2.5.2',
    check: (answer) => {
      const { status } = answer.response;
      const seconds = maxAge(answer) ?? 0;
      return [
        ...when(
          status === 400 && header(answer, 'cache-control').includes('max-age'),
          () => `a 400 has cache-control ${header(answer, 'cache-control')}`,
        ),
        ...when(
          status === 404 && seconds > LIVES.shortest,
          () => `a 404 has cache-control ${header(answer, 'cache-control')}`,
        ),
      ];
    },
  },
];

function maxAge(answer: ObservedAnswer): number | null {
  const value = header(answer, 'cache-control');
  if (/no-store|no-cache/.test(value)) return 0;
  const [, seconds] = /(?:^|[\s,])max-age=(\d+)/.exec(value) ?? [];
  return seconds === undefined ? null : Number(seconds);
}

function hasType(answer: ObservedAnswer, types: readonly string[]): boolean {
  return types.includes((header(answer, 'content-type').split(';')[0] ?? '').trim().toLowerCase());
}
