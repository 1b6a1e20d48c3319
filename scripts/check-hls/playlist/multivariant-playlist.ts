import { type Attributes, type PlaylistLine, parseAttributes, playlistLines } from './playlist-lines.ts';

/** One EXT-X-STREAM-INF and its URI. */
export interface Variant {
  readonly uri: string;
  readonly attributes: Attributes;
}

/** The content of a multivariant playlist (RFC 8216bis 4.4.6). */
export interface MultivariantPlaylist {
  readonly variants: readonly Variant[];
  /** The attributes of each EXT-X-MEDIA. */
  readonly media: readonly Attributes[];
  /** The attributes of each EXT-X-I-FRAME-STREAM-INF. */
  readonly iFrameVariants: readonly Attributes[];
  readonly lines: readonly PlaylistLine[];
}

/** The attributes that name groups of renditions. */
export const GROUPS = ['AUDIO', 'VIDEO', 'SUBTITLES', 'CLOSED-CAPTIONS'] as const;

/** What tells a variant from all others: its playlist, and the groups that it is played with. */
export function variantKey({ uri, attributes }: Variant): string {
  return JSON.stringify([uri, ...GROUPS.map((name) => attributes.get(name))]);
}

/** Whether a playlist is a multivariant playlist. */
export function isMultivariant(text: string): boolean {
  return /^#EXT-X-(STREAM-INF|MEDIA|I-FRAME-STREAM-INF):/m.test(text);
}

/** Reads a multivariant playlist without checking it. */
export function parseMultivariantPlaylist(text: string): MultivariantPlaylist {
  const lines = playlistLines(text);
  const attributesOf = (tag: string) =>
    lines.filter(({ name }) => name === tag).map(({ value }) => parseAttributes(value));
  return {
    variants: lines.flatMap(({ name, value }, index) => {
      if (name !== 'EXT-X-STREAM-INF') return [];
      const next = lines[index + 1];
      return [{ attributes: parseAttributes(value), uri: next?.name === '' ? next.value : '' }];
    }),
    media: attributesOf('EXT-X-MEDIA'),
    iFrameVariants: attributesOf('EXT-X-I-FRAME-STREAM-INF'),
    lines,
  };
}

/** URIs of all media playlists that it names, each once. */
export function namedPlaylistUris({ variants, media, iFrameVariants }: MultivariantPlaylist): readonly string[] {
  const others = [...media, ...iFrameVariants].flatMap((attributes) => attributes.get('URI') ?? []);
  return [...new Set([...variants.map(({ uri }) => uri).filter(Boolean), ...others])];
}
