import type { FlvTag } from '#encoder/media/flv-tag.ts';

/** When a tag is due by its own timestamp. */
export const tagTimeMs = ({ tag }: { readonly tag: FlvTag }): number => tag.timestampMs;

/**
 * Hands each of something over when it is due by `dueMs`, in milliseconds on a clock of theirs. The first is due now. Returns a
 * function that stops this.
 */
export function paceTags<T>(
  tags: Iterator<T, never>,
  dueMs: (next: T) => number,
  handOver: (next: T) => void,
): () => void {
  let next = tags.next().value;
  const firstDueMs = dueMs(next);
  const startedAtMs = performance.now();
  const dueInMs = (): number => dueMs(next) - firstDueMs - (performance.now() - startedAtMs);
  let timer: NodeJS.Timeout | undefined;
  const handOverDue = (): void => {
    for (; dueInMs() <= 0; next = tags.next().value) handOver(next);
    timer = setTimeout(handOverDue, Math.ceil(dueInMs()));
  };
  handOverDue();
  return () => clearTimeout(timer);
}
