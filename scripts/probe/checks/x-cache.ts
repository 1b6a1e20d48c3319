import { PLAYED_KINDS, type PlayedAnswers } from '../played-answers.ts';
import { notOffered, type ProbeCheck } from '../probe-check.ts';

const EXPECTED = 'a segment that was got before is a hit';
/** A location of CloudFront has several caches, which learn from each other. */
const TRIES = 5;

/** CloudFront answers media from its cache. What it did for the viewer is in the measured column, by kind of file. */
export const xCache: ProbeCheck = {
  name: 'x-cache',
  run: async ({ publicBroadcast, http, signal }) => {
    const { answers } = await publicBroadcast();
    const url = answers.of('segment')[0]?.url;
    if (url === undefined) return { ok: false, measured: 'the viewer got no segment', expected: EXPECTED };
    if (!answers.of('segment').some(({ headers }) => 'x-cache' in headers)) return notOffered(EXPECTED);
    const repeated: string[] = [];
    while (repeated.length < TRIES && !repeated.some(isHit)) {
      repeated.push(String((await http.get(url, signal)).headers['x-cache'] ?? 'no X-Cache'));
    }
    return {
      ok: repeated.some(isHit),
      measured: `again: ${repeated.at(-1)}; before: ${hitCounts(answers)}`,
      expected: EXPECTED,
    };
  },
};

const isHit = (value: string): boolean => /^(Hit|RefreshHit) from/i.test(value);

const hitCounts = (answers: PlayedAnswers): string =>
  PLAYED_KINDS.map((kind) => {
    const heads = answers.of(kind);
    const hits = heads.filter(({ headers }) => isHit(String(headers['x-cache']))).length;
    return `${kind} ${hits}/${heads.length}`;
  }).join(', ');
