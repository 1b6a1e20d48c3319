/** Names of the query parameters that a player adds to a playlist's URL (RFC 8216bis 6.2.5). */
const DIRECTIVE_PREFIX = '_HLS_';

/** Where a URI in a playlist leads. Null if that is no address. */
export const resolveUri = (uri: string, base: string): URL | null =>
  URL.canParse(uri, base) ? new URL(uri, base) : null;

/** What tells a file from all others of its server. */
export const filePath = ({ pathname, search }: URL): string => `${pathname}${search}`;

/** The same of a playlist, whatever it was asked for. */
export function playlistPath({ pathname, searchParams }: URL): string {
  const own = [...searchParams].filter(([name]) => !name.startsWith(DIRECTIVE_PREFIX));
  return own.length === 0 ? pathname : `${pathname}?${new URLSearchParams(own)}`;
}
