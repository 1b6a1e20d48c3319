import { type MultivariantPlaylist, variantKey } from './playlist/multivariant-playlist.ts';
import type { Attributes } from './playlist/playlist-lines.ts';

/** Of variants, or of renditions in groups. */
const MAX_PROMISES = 200;

/** Adds the variants and renditions that a playlist is the first to name. What was declared before stays as it was. */
export function withPromises(
  before: MultivariantPlaylist | null,
  playlist: MultivariantPlaylist,
): MultivariantPlaylist {
  if (before === null) return playlist;
  return {
    ...before,
    variants: joined(before.variants, playlist.variants, variantKey),
    media: joined(before.media, playlist.media, mediaKey),
    iFrameVariants: joined(before.iFrameVariants, playlist.iFrameVariants, (item) => item.get('URI') ?? ''),
  };
}

function joined<Item>(before: readonly Item[], items: readonly Item[], keyOf: (item: Item) => string): readonly Item[] {
  const known = new Set(before.map(keyOf));
  return [...before, ...items.filter((item) => !known.has(keyOf(item)))].slice(0, MAX_PROMISES);
}

function mediaKey(item: Attributes): string {
  return JSON.stringify(['TYPE', 'GROUP-ID', 'NAME', 'URI'].map((name) => item.get(name)));
}
