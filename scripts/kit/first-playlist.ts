/** Whether a multivariant playlist and all its media playlists exist and list media. */
export async function isPlayable(multivariantPlaylistUrl: string, signal: AbortSignal): Promise<boolean> {
  const multivariant = await fetchPlaylist(multivariantPlaylistUrl, signal);
  if (multivariant === null) return false;
  const uris = mediaPlaylistUris(multivariant);
  const playlists = await Promise.all(
    uris.map((uri) => fetchPlaylist(new URL(uri, multivariantPlaylistUrl).href, signal)),
  );
  return uris.length > 0 && playlists.every((playlist) => playlist !== null && /^#EXT(INF|-X-PART):/m.test(playlist));
}

/** URIs of the variants and of the renditions in EXT-X-MEDIA (RFC 8216bis 4.4.6), unresolved. */
export function mediaPlaylistUris(multivariant: string): readonly string[] {
  const lines = multivariant.split(/\r?\n/);
  const variants = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const renditions = lines.flatMap((line) => /^#EXT-X-MEDIA:.*\bURI="([^"]+)"/.exec(line)?.[1] ?? []);
  return [...variants, ...renditions];
}

async function fetchPlaylist(url: string, signal: AbortSignal): Promise<string | null> {
  const response = await fetch(url, { signal });
  const text = await response.text();
  return response.ok ? text : null;
}
