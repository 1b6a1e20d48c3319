import type { ControlApi } from './control-api.ts';
import { findId } from './find-entry.ts';
import { streamPages } from './stream-pages.ts';

/** The path of the one stream that a person means by its id, the beginning of it, or its title. */
export async function findStreamPath(api: ControlApi, reference: string): Promise<string> {
  const id = await findId(reference, streamPages(api), { noun: 'stream', nameOf: ({ title }) => title });
  return `/streams/${encodeURIComponent(id)}`;
}
