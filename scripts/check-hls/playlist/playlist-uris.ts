/** Names of the query parameters that a player adds to a playlist's URL (RFC 8216bis 6.2.5). */
const DIRECTIVE_PREFIX = '_HLS_';

export const isDirective = (name: string): boolean => name.startsWith(DIRECTIVE_PREFIX);

/** Where a URI in a playlist leads. Null if that is no address. */
export const resolveUri = (uri: string, base: string): URL | null =>
  URL.canParse(uri, base) ? new URL(uri, base) : null;

/** What tells a file from all others of its server. */
export const filePath = ({ pathname, search }: URL): string => `${pathname}${search}`;

/** The same of a playlist, whatever it was asked for. */
export function playlistPath({ pathname, searchParams }: URL): string {
  const own = [...searchParams].filter(([name]) => !isDirective(name));
  return own.length === 0 ? pathname : `${pathname}?${new URLSearchParams(own)}`;
}

/** The path of what a playlist names. A URI that leads nowhere stays as it is written: nobody can ask for it. */
export function namedPath(uri: string, base: string, pathOf: (url: URL) => string): string {
  const url = resolveUri(uri, base);
  return url === null ? uri : pathOf(url);
}

const withoutQuery = (path: string): string => path.replace(/\?.*$/, '');

/** The folder of a path, with a slash at its end. */
export const folderOf = (path: string): string => withoutQuery(path).replace(/[^/]*$/, '');

/** The end of a file's name, without the dot. Empty if it has none. */
export const extensionOf = (path: string): string => /\.([^./]*)$/.exec(withoutQuery(path))?.[1] ?? '';
