/** What the studio shows. */
export type StudioRoute =
  | { readonly page: 'streams' }
  | { readonly page: 'stream'; readonly streamId: string }
  | { readonly page: 'people' };

/** Where each page is. It is in the fragment, so every page is the same file. */
export const STUDIO_LINKS = {
  streams: '#/',
  stream: (streamId: string) => `#/streams/${streamId}`,
  people: '#/people',
} as const;

/** The page that a fragment names. Whatever is unknown is the list of streams. */
export function parseRoute(fragment: string): StudioRoute {
  if (fragment === STUDIO_LINKS.people) return { page: 'people' };
  const streamId = /^#\/streams\/([\w-]{1,64})$/.exec(fragment)?.[1];
  return streamId === undefined ? { page: 'streams' } : { page: 'stream', streamId };
}

/** How a sign-in at the provider has failed, by the fragment with which it leads back. Null if it has not. */
export function parseSignInProblem(fragment: string): 'refused' | 'failed' | null {
  const problem = /^#sign-in=(refused|failed)$/.exec(fragment)?.[1];
  return problem === undefined ? null : (problem as 'refused' | 'failed');
}

/** The invitation in a link that signs somebody in. Null if the fragment has none. */
export const parseInvite = (fragment: string): string | null => /^#invite=([\w-]{1,200})$/.exec(fragment)?.[1] ?? null;
