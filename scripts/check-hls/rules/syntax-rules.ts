import { hasAttributes, hasForm, neededAttributes } from '../playlist/attribute-forms.ts';
import { type PlaylistLine, parseAttributes, readAttributeList } from '../playlist/playlist-lines.ts';
import { resolveUri } from '../playlist/playlist-uris.ts';
import { type HlsRule, when } from '../rule.ts';

/** Any playlist as text. */
export interface PlaylistText {
  readonly bytes: Buffer;
  readonly lines: readonly PlaylistLine[];
  readonly isMultivariant: boolean;
}

const MULTIVARIANT_TAGS = [
  ...['EXT-X-MEDIA', 'EXT-X-STREAM-INF', 'EXT-X-I-FRAME-STREAM-INF', 'EXT-X-SESSION-DATA', 'EXT-X-SESSION-KEY'],
  'EXT-X-CONTENT-STEERING',
];
const MEDIA_TAGS = [
  ...['EXT-X-TARGETDURATION', 'EXT-X-MEDIA-SEQUENCE', 'EXT-X-DISCONTINUITY-SEQUENCE', 'EXT-X-ENDLIST'],
  ...['EXT-X-PLAYLIST-TYPE', 'EXT-X-I-FRAMES-ONLY', 'EXT-X-PART-INF', 'EXT-X-SERVER-CONTROL', 'EXTINF'],
  ...['EXT-X-BYTERANGE', 'EXT-X-DISCONTINUITY', 'EXT-X-KEY', 'EXT-X-MAP', 'EXT-X-PROGRAM-DATE-TIME', 'EXT-X-GAP'],
  ...['EXT-X-BITRATE', 'EXT-X-PART', 'EXT-X-DATERANGE', 'EXT-X-SKIP', 'EXT-X-PRELOAD-HINT'],
  'EXT-X-RENDITION-REPORT',
];
const AT_MOST_ONCE = [
  ...['EXT-X-VERSION', 'EXT-X-INDEPENDENT-SEGMENTS', 'EXT-X-START', 'EXT-X-TARGETDURATION', 'EXT-X-MEDIA-SEQUENCE'],
  ...['EXT-X-DISCONTINUITY-SEQUENCE', 'EXT-X-ENDLIST', 'EXT-X-PLAYLIST-TYPE', 'EXT-X-I-FRAMES-ONLY'],
  ...['EXT-X-PART-INF', 'EXT-X-SERVER-CONTROL', 'EXT-X-SKIP', 'EXT-X-CONTENT-STEERING'],
];
const BEFORE_SEGMENTS = ['EXT-X-MEDIA-SEQUENCE', 'EXT-X-DISCONTINUITY-SEQUENCE', 'EXT-X-TARGETDURATION'];
const VALUES: Readonly<Record<string, RegExp>> = {
  'EXT-X-VERSION': /^[1-9]\d*$/,
  'EXT-X-TARGETDURATION': /^\d+$/,
  'EXT-X-MEDIA-SEQUENCE': /^\d{1,20}$/,
  'EXT-X-DISCONTINUITY-SEQUENCE': /^\d{1,20}$/,
  'EXT-X-PLAYLIST-TYPE': /^(EVENT|VOD)$/,
  'EXT-X-PROGRAM-DATE-TIME': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/,
  'EXT-X-BITRATE': /^\d+$/,
  'EXT-X-BYTERANGE': /^\d+(@\d+)?$/,
  EXTINF: /^\d+(\.\d+)?,/,
};
for (const tag of [
  'EXT-X-ENDLIST',
  'EXT-X-DISCONTINUITY',
  'EXT-X-GAP',
  'EXT-X-INDEPENDENT-SEGMENTS',
  'EXT-X-I-FRAMES-ONLY',
]) {
  Object.assign(VALUES, { [tag]: /^$/ });
}

type NeededVersion = readonly [version: number, what: string, isUsed: (line: PlaylistLine) => boolean];

const MAP_OF_ALL_FRAMES: NeededVersion = [
  6,
  'EXT-X-MAP without EXT-X-I-FRAMES-ONLY',
  ({ name }) => name === 'EXT-X-MAP',
];
/** The tags, attributes and values that need a version (RFC 8216bis 8). */
const VERSIONS: readonly NeededVersion[] = [
  [3, 'a decimal EXTINF', ({ name, value }) => name === 'EXTINF' && value.includes('.')],
  [4, 'EXT-X-BYTERANGE', ({ name }) => name === 'EXT-X-BYTERANGE'],
  [4, 'EXT-X-I-FRAMES-ONLY', ({ name }) => name === 'EXT-X-I-FRAMES-ONLY'],
  [5, 'EXT-X-MAP', ({ name }) => name === 'EXT-X-MAP'],
  [7, 'INSTREAM-ID="SERVICE…"', ({ name, value }) => name === 'EXT-X-MEDIA' && value.includes('="SERVICE')],
  [8, 'EXT-X-DEFINE', ({ name }) => name === 'EXT-X-DEFINE'],
  [9, 'EXT-X-SKIP', ({ name }) => name === 'EXT-X-SKIP'],
  [10, 'RECENTLY-REMOVED-DATERANGES', ({ value }) => value.includes('RECENTLY-REMOVED-DATERANGES=')],
  [12, 'an attribute REQ-…', ({ name, value }) => name.startsWith('EXT-X-') && /[:,]REQ-[A-Z-]+=/.test(`:${value}`)],
];

const at = ({ number, name, value }: PlaylistLine): string => `line ${number}, #${name}:${value}`;

/** Whether a text can be read as a playlist. */
export const isPlaylist = (text: string): boolean => /^#EXTM3U\r?\n/.test(text);

export const BEGINNING_RULES: readonly HlsRule<string>[] = [
  {
    id: 'playlist-begins-with-extm3u',
    section: '4.4.1.1',
    check: (text) => when(!isPlaylist(text), () => `it begins with ${JSON.stringify(text.slice(0, 40))}`),
  },
];

/** How playlists are written (RFC 8216bis 4.1 to 4.4.2). */
export const SYNTAX_RULES: readonly HlsRule<PlaylistText>[] = [
  {
    id: 'playlist-encoding',
    section: '4.1',
    check: ({ bytes }) => {
      const text = bytes.toString();
      return [
        ...when(!Buffer.from(text).equals(bytes), () => 'the playlist is no UTF-8'),
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        ...when(/[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]/.test(text), () => 'the playlist has control characters'),
        ...when(!text.endsWith('\n'), () => 'the last line does not end'),
      ];
    },
  },
  {
    id: 'attribute-list-syntax',
    section: '4.2',
    check: ({ lines }) =>
      lines.filter(({ name, value }) => hasAttributes(name) && readAttributeList(value) === null).map(at),
  },
  {
    id: 'attribute-once',
    section: '4.2',
    check: ({ lines }) =>
      lines
        .filter(({ name }) => hasAttributes(name))
        .filter(({ value }) => {
          const names = (readAttributeList(value) ?? []).map((attribute) => attribute.name);
          return new Set(names).size < names.length;
        })
        .map(at),
  },
  {
    id: 'attribute-form',
    section: '4.2',
    check: ({ lines }) =>
      lines.flatMap((line) =>
        (hasAttributes(line.name) ? (readAttributeList(line.value) ?? []) : [])
          .filter(({ name, raw }) => !hasForm(line.name, name, raw))
          .map(({ name, raw }) => `line ${line.number}, #${line.name}: ${name}=${raw}`),
      ),
  },
  {
    id: 'uri-valid',
    section: '4.1',
    check: ({ lines }) =>
      lines.flatMap((line) => {
        const uri =
          line.name === '' ? line.value : hasAttributes(line.name) ? parseAttributes(line.value).get('URI') : undefined;
        return when(uri !== undefined && resolveUri(uri, 'http://stream/') === null, () => `${at(line)} leads nowhere`);
      }),
  },
  {
    id: 'attribute-needed',
    section: '4.4',
    check: ({ lines }) =>
      lines.flatMap((line) => {
        if (!hasAttributes(line.name) || readAttributeList(line.value) === null) return [];
        const attributes = parseAttributes(line.value);
        return neededAttributes(line.name)
          .filter((name) => !attributes.has(name))
          .map((name) => `${at(line)} has no ${name}`);
      }),
  },
  {
    id: 'tag-value',
    section: '4.4',
    check: ({ lines }) => lines.filter(({ name, value }) => VALUES[name]?.test(value) === false).map(at),
  },
  {
    id: 'tag-once',
    section: '4.4.3',
    check: ({ lines }) =>
      AT_MOST_ONCE.filter((tag) => lines.filter(({ name }) => name === tag).length > 1).map(
        (tag) => `#${tag} is there twice`,
      ),
  },
  {
    id: 'tag-before-segments',
    section: '4.4.3',
    check: ({ lines }) => {
      const first = lines.findIndex(({ name }) => name === '' || name === 'EXTINF' || name === 'EXT-X-PART');
      return first < 0
        ? []
        : lines
            .slice(first)
            .filter(({ name }) => BEFORE_SEGMENTS.includes(name))
            .map(at);
    },
  },
  {
    id: 'tag-in-its-playlist',
    section: '4.4',
    check: ({ lines, isMultivariant }) => {
      const foreign = isMultivariant ? MEDIA_TAGS : MULTIVARIANT_TAGS;
      return lines.filter(({ name }) => foreign.includes(name)).map(at);
    },
  },
  {
    id: 'version-suffices',
    section: '8',
    check: ({ lines }) => {
      const version = Number(lines.find(({ name }) => name === 'EXT-X-VERSION')?.value ?? 1);
      const isAllFrames = !lines.some(({ name }) => name === 'EXT-X-I-FRAMES-ONLY');
      const versions = isAllFrames ? [...VERSIONS, MAP_OF_ALL_FRAMES] : VERSIONS;
      return versions.flatMap(([needed, what, isUsed]) =>
        when(version < needed && lines.some(isUsed), () => `${what} needs version ${needed}, it is ${version}`),
      );
    },
  },
];
