import { collectPages, LIMIT_OPTIONS, parseLimit } from '../collect-pages.ts';
import { defineCommand } from '../command.ts';
import { streamPages } from '../stream-pages.ts';
import { streamListText } from '../stream-text.ts';

/** `list`: JSON is one object as the API gives it, with all `streams` up to the limit. */
export const listStreams = defineCommand({
  name: 'list',
  summary: 'List streams, and what arrives of those on air',
  notes: [],
  operand: null,
  options: LIMIT_OPTIONS,
  async run({ values }, { api, print, note }) {
    const { entries: streams, nextCursor } = await collectPages(streamPages(api), parseLimit(values.limit));
    print({ streams, nextCursor }, () => streamListText(streams));
    if (nextCursor !== null) note('There are more: raise --limit.');
  },
});
