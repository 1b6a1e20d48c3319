import { signal } from '@preact/signals';

/**
 * The stream keys that were made since the page was opened, by stream id. The API shows a key once, so the page keeps it until it is
 * closed, and nowhere else.
 */
const keys = signal<ReadonlyMap<string, string>>(new Map());

/** Keeps the key of an answer that has one. */
export function keepKey({ id, streamKey }: { readonly id: string; readonly streamKey: string }): void {
  keys.value = new Map([...keys.value, [id, streamKey]]);
}

/** Null if it was not made here. */
export const keyOf = (streamId: string): string | null => keys.value.get(streamId) ?? null;
