import { type HlsRule, when } from '../rule.ts';
import { type SegmentMedia, spans, startsWithRandomAccess } from './segment-rules.ts';

/** A request for some bytes of a file, and its answer. */
export interface RangeAnswer {
  readonly uri: string;
  /** As in the Range header. */
  readonly range: string;
  readonly status: number;
  readonly contentRange: string;
  readonly bodyBytes: number;
}

const DURATION_TOLERANCE_SECONDS = 1e-3;

/** What holds for an entry of an I-frame playlist by what is in its bytes. */
export const IFRAME_RULES: readonly HlsRule<SegmentMedia>[] = [
  {
    id: 'iframe-is-whole',
    section: '4.4.3.6',
    check: ({ listed, facts }) => {
      if (typeof facts === 'string') return [`${listed.uri}: ${facts}`];
      return facts.fragments
        .filter(({ firstSample, firstSampleBytes }) => firstSample.length < firstSampleBytes)
        .map(
          ({ firstSample, firstSampleBytes }) =>
            `the range in ${listed.uri} has ${firstSample.length} bytes of a frame of ${firstSampleBytes}`,
        );
    },
  },
  {
    id: 'iframe-is-random-access',
    section: '4.4.3.6',
    check: ({ listed, facts, init }) =>
      when(
        startsWithRandomAccess(facts, init) === false,
        () => `the range in ${listed.uri} does not begin with an IDR frame`,
      ),
  },
  {
    id: 'iframe-duration',
    section: '4.4.3.6',
    check: ({ listed, facts, init, previous }) => {
      const own = spans(facts, init)[0]?.startSeconds;
      const before = previous === null ? undefined : spans(previous.facts, previous.init)[0]?.startSeconds;
      if (own === undefined || before === undefined || listed.discontinuities > 0) return [];
      const seconds = previous?.listed.durationSeconds ?? 0;
      return when(
        Math.abs(own - before - seconds) > DURATION_TOLERANCE_SECONDS,
        () =>
          `${previous?.listed.uri} lasts ${(own - before).toFixed(5)} s until the next I-frame, EXTINF is ${seconds}`,
      );
    },
  },
];

/** What holds for answers to requests with a Range header. */
export const RANGE_RULES: readonly HlsRule<RangeAnswer>[] = [
  {
    id: 'range-answered',
    section: 'RFC 9110, 15.3.7',
    check: ({ uri, range, status, contentRange, bodyBytes }) => {
      const [first = 0, last = 0] = (range.split('=')[1] ?? '').split('-').map(Number);
      const isRight =
        status === 206 && contentRange.startsWith(`bytes ${first}-${last}/`) && bodyBytes === last - first + 1;
      return when(
        !isRight,
        () =>
          `${uri}, ${range}: the answer is ${status} with ${bodyBytes} bytes, content-range ${contentRange || 'is missing'}`,
      );
    },
  },
];
