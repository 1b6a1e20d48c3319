import type { TraceBody } from '#functions/control-api/trace-schemas.ts';
import { formatTable } from '#scripts/terminal/text-table.ts';

/** If a timestamp is so much lower than the one before it, the publisher has begun to count anew. Video and audio differ by less. */
const RESTART_MS = 1_000;

/** One message of a trace. */
interface TracedTag {
  readonly receivedAtMs: number;
  readonly bytes: number;
  readonly kind: TraceBody['tags']['kind'][number];
  /** How much later it came than the earliest one, by the publisher's clock. Null for what has no place in time. */
  readonly lateMs: number | null;
  /** Since the message before it. */
  readonly gapMs: number;
}

/** What a person needs of a trace: what came in each second, and what happened. */
export function traceText(trace: TraceBody): string {
  const tags = toTags(trace.tags);
  return [
    `Stream ${trace.streamId}, recorded at ${trace.recordedAt}`,
    tags.length === 0 ? 'Nothing was received in the last minute.' : secondsText(tags),
    formatTable(happenings(trace)),
    ...trace.runs.flatMap(lastWordsText),
  ].join('\n\n');
}

function secondsText(tags: readonly TracedTag[]): string {
  const secondOf = (tag: TracedTag | undefined): number => Math.floor((tag?.receivedAtMs ?? 0) / 1000);
  const [first, last] = [secondOf(tags[0]), secondOf(tags.at(-1))];
  const seconds = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return formatTable([
    ['SECOND', 'VIDEO', 'KEYFRAMES', 'AUDIO', 'KBIT/S', 'LATE MS', 'GAP MS'],
    ...seconds.map((second) =>
      secondRow(
        second,
        tags.filter((tag) => secondOf(tag) === second),
      ),
    ),
  ]);
}

/** A second in which nothing came is a row of zeros. */
function secondRow(second: number, tags: readonly TracedTag[]): string[] {
  const count = (...kinds: TracedTag['kind'][]) => String(tags.filter(({ kind }) => kinds.includes(kind)).length);
  const kbits = Math.round((tags.reduce((sum, { bytes }) => sum + bytes, 0) * 8) / 1000);
  const late = Math.max(0, ...tags.map(({ lateMs }) => lateMs ?? 0));
  const gap = Math.max(0, ...tags.map(({ gapMs }) => gapMs));
  const time = new Date(second * 1000).toISOString().slice(11, 19);
  const figures = [count('video', 'keyframe'), count('keyframe'), count('audio')];
  return [time, ...figures, String(kbits), String(Math.round(late)), String(Math.round(gap))];
}

function toTags({ receivedAtMs, timestampMs, bytes, kind }: TraceBody['tags']): TracedTag[] {
  const earliest = earliestOffsets({ receivedAtMs, timestampMs, kind });
  return receivedAtMs.map((atMs, index) => {
    const offset = earliest[index] ?? null;
    return {
      ...{ receivedAtMs: atMs, bytes: bytes[index] ?? 0, kind: kind[index] ?? 'script' },
      lateMs: offset === null ? null : atMs - (timestampMs[index] ?? 0) - offset,
      gapMs: index === 0 ? 0 : atMs - (receivedAtMs[index - 1] ?? atMs),
    };
  });
}

/** For each message, the least difference of the two clocks since the publisher began to count. Null for headers and scripts. */
function earliestOffsets({ receivedAtMs, timestampMs, kind }: Omit<TraceBody['tags'], 'bytes'>): (number | null)[] {
  const counts: { offset: number }[] = [];
  const countOf: (number | null)[] = [];
  let formerMs = Number.POSITIVE_INFINITY;
  for (const [index, atMs] of receivedAtMs.entries()) {
    if (kind[index] === 'header' || kind[index] === 'script') {
      countOf.push(null);
      continue;
    }
    const tagMs = timestampMs[index] ?? 0;
    if (tagMs < formerMs - RESTART_MS) counts.push({ offset: Number.POSITIVE_INFINITY });
    formerMs = tagMs;
    const count = counts.at(-1);
    if (count !== undefined) count.offset = Math.min(count.offset, atMs - tagMs);
    countOf.push(counts.length - 1);
  }
  return countOf.map((count) => (count === null ? null : (counts[count]?.offset ?? null)));
}

/** All moments of the trace, oldest first. */
function happenings({ publishes, runs, warnings }: TraceBody): string[][] {
  const rows = [
    ...publishes.flatMap(({ connectedAt, leftAt, sourceAddress, software, endReason }) => [
      [connectedAt, 'published', `from ${sourceAddress} by ${software ?? 'unknown software'}`],
      ...(leftAt === null ? [] : [[leftAt, 'publish ended', endReason ?? '']]),
    ]),
    ...runs.flatMap(({ epoch, startedAt, endedAt, outcome, replacedBecause }) => [
      [startedAt, 'FFmpeg started', `epoch ${epoch}`],
      ...(endedAt === null
        ? []
        : [[endedAt, 'FFmpeg ended', `epoch ${epoch}: ${[outcome, replacedBecause].filter(Boolean).join(', ')}`]]),
    ]),
    ...warnings.flatMap(({ text, since, until }) => [
      [since, 'warning', text],
      ...(until === null ? [] : [[until, 'warning over', text]]),
    ]),
  ];
  return rows.toSorted(([a = ''], [b = '']) => a.localeCompare(b));
}

function lastWordsText({ epoch, lastWords }: TraceBody['runs'][number]): string[] {
  return lastWords.length === 0
    ? []
    : [[`FFmpeg's last words, epoch ${epoch}:`, ...lastWords.map((line) => `  ${line}`)].join('\n')];
}
