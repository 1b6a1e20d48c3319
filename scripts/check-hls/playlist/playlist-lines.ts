/** An attribute list (RFC 8216bis 4.2) without the quotes. */
export type Attributes = ReadonlyMap<string, string>;

/** A line of a playlist: `#EXT-X-PART:DURATION=…` has the name `EXT-X-PART`. A URI line has an empty name. */
export interface PlaylistLine {
  readonly name: string;
  readonly value: string;
  /** From 1. */
  readonly number: number;
}

/** One attribute as it is written. */
export interface RawAttribute {
  readonly name: string;
  /** With its quotes. */
  readonly raw: string;
}

/** The lines of a playlist that are neither empty nor comments. Throws if the text is not a playlist. */
export function playlistLines(text: string): PlaylistLine[] {
  if (!/^#EXTM3U\r?(\n|$)/.test(text)) throw new Error('a playlist must begin with #EXTM3U');
  return text.split('\n').flatMap((raw, index) => {
    const line = raw.replace(/\r$/, '');
    if (line === '' || (line.startsWith('#') && !line.startsWith('#EXT'))) return [];
    const number = index + 1;
    if (!line.startsWith('#')) return [{ name: '', value: line, number }];
    const colon = line.indexOf(':');
    return colon === -1
      ? [{ name: line.slice(1), value: '', number }]
      : [{ name: line.slice(1, colon), value: line.slice(colon + 1), number }];
  });
}

/** Parses an attribute list leniently. The first of two attributes with one name counts. */
export function parseAttributes(value: string): Attributes {
  const pairs = value.matchAll(/([A-Z0-9-]+)=("[^"]*"|[^,]*)/g);
  const attributes = new Map<string, string>();
  for (const [, name = '', raw = ''] of pairs) {
    if (!attributes.has(name)) attributes.set(name, raw.replace(/^"|"$/g, ''));
  }
  return attributes;
}

/** The attributes of a well-formed list, in order. Null if it is malformed. */
export function readAttributeList(value: string): readonly RawAttribute[] | null {
  const pair = /([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(,|$)/y;
  const attributes: RawAttribute[] = [];
  while (pair.lastIndex < value.length) {
    const [, name = '', raw = '', comma] = pair.exec(value) ?? [];
    if (name === '') return null;
    attributes.push({ name, raw });
    if (comma === ',' && pair.lastIndex === value.length) return null;
  }
  return attributes.length === 0 ? null : attributes;
}
