import { type Attributes, parseAttributes, playlistLines } from '#kit/hls-playlist.ts';

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
  readonly tagNames: readonly string[];
}

/** Reads a multivariant playlist without checking it. */
export function parseMultivariantPlaylist(text: string): MultivariantPlaylist {
  const lines = playlistLines(text);
  return {
    variants: lines.flatMap(({ name, value }, index) => {
      if (name !== 'EXT-X-STREAM-INF') return [];
      const next = lines[index + 1];
      return [{ attributes: parseAttributes(value), uri: next?.name === '' ? next.value : '' }];
    }),
    media: lines.filter(({ name }) => name === 'EXT-X-MEDIA').map(({ value }) => parseAttributes(value)),
    tagNames: lines.map(({ name }) => name).filter((name) => name !== ''),
  };
}

/** Checks a multivariant playlist against RFC 8216bis. Returns one readable line for each violation. */
export function checkMultivariantPlaylist(text: string): string[] {
  const { variants, media, tagNames } = parseMultivariantPlaylist(text);
  const uris = variants.map(({ uri }) => uri);
  const captions = new Set(variants.map(({ attributes }) => attributes.get('CLOSED-CAPTIONS')));
  return [
    ...(variants.length === 0 ? ['no variant is listed'] : []),
    ...(new Set(uris).size < uris.length ? ['two variants have the same URI'] : []),
    ...(tagNames.includes('EXT-X-INDEPENDENT-SEGMENTS') ? [] : ['EXT-X-INDEPENDENT-SEGMENTS is missing']),
    ...(captions.size === 1 ? [] : ['CLOSED-CAPTIONS must be the same on all variants']),
    ...checkCaptions(media),
    ...media.flatMap(checkMedia),
    ...variants.flatMap((variant) => checkVariant(variant, media)),
  ];
}

const NEEDED_BY_TYPE: Readonly<Record<string, readonly string[]>> = {
  AUDIO: ['URI', 'CHANNELS'],
  'CLOSED-CAPTIONS': ['INSTREAM-ID'],
};

/** Rules for the members of a group, and for closed captions, which are in the video (RFC 8216bis 4.4.6.1, 4.4.6.1.1). */
function checkCaptions(media: readonly Attributes[]): string[] {
  const captions = media.filter((item) => item.get('TYPE') === 'CLOSED-CAPTIONS');
  const isTwice = (name: string): boolean => new Set(captions.map((item) => item.get(name))).size < captions.length;
  const count = (name: string): number => captions.filter((item) => item.get(name) === 'YES').length;
  return [
    ...captions
      .filter((item) => item.has('URI') || !/^(CC[1-4]|SERVICE\d+)$/.test(item.get('INSTREAM-ID') ?? ''))
      .map((item) => `closed captions ${item.get('NAME')} have a URI, or no INSTREAM-ID`),
    ...['NAME', 'INSTREAM-ID'].filter(isTwice).map((name) => `two closed captions have the same ${name}`),
    ...['DEFAULT', 'AUTOSELECT'].filter((name) => count(name) > 1).map((name) => `two closed captions are ${name}`),
  ];
}

function checkMedia(attributes: Attributes): string[] {
  const needed = ['TYPE', 'GROUP-ID', 'NAME', ...(NEEDED_BY_TYPE[attributes.get('TYPE') ?? ''] ?? ['URI'])];
  return needed.filter((name) => !attributes.has(name)).map((name) => `EXT-X-MEDIA has no ${name}`);
}

function checkVariant({ uri, attributes }: Variant, media: readonly Attributes[]): string[] {
  const codecs = attributes.get('CODECS') ?? '';
  const hasVideo = /\bavc1\.[0-9a-f]{6}\b/.test(codecs);
  const hasAudio = /\bmp4a\.40\.\d+\b/.test(codecs);
  const group = attributes.get('AUDIO');
  const captions = attributes.get('CLOSED-CAPTIONS') ?? 'NONE';
  const bandwidth = Number(attributes.get('BANDWIDTH'));
  const average = Number(attributes.get('AVERAGE-BANDWIDTH'));
  const rules: readonly (readonly [boolean, string])[] = [
    [uri === '', 'has no URI'],
    [!Number.isInteger(bandwidth), 'has no BANDWIDTH'],
    [!Number.isInteger(average), 'has no AVERAGE-BANDWIDTH'],
    [average > bandwidth, 'has an AVERAGE-BANDWIDTH above its BANDWIDTH'],
    [!hasVideo && !hasAudio, `has CODECS "${codecs}"`],
    [hasVideo && !/^\d+x\d+$/.test(attributes.get('RESOLUTION') ?? ''), 'has video and no RESOLUTION'],
    [hasVideo && !/^\d+\.\d{3}$/.test(attributes.get('FRAME-RATE') ?? ''), 'has video and no FRAME-RATE'],
    [group !== undefined && !hasAudio, 'has an AUDIO group and no audio codec'],
    [
      group !== undefined && !media.some((item) => item.get('TYPE') === 'AUDIO' && item.get('GROUP-ID') === group),
      `names the AUDIO group ${group}, which no EXT-X-MEDIA defines`,
    ],
    [
      captions !== 'NONE' &&
        !media.some((item) => item.get('TYPE') === 'CLOSED-CAPTIONS' && item.get('GROUP-ID') === captions),
      `names the CLOSED-CAPTIONS group ${captions}, which no EXT-X-MEDIA defines`,
    ],
  ];
  return rules.filter(([isViolated]) => isViolated).map(([, what]) => `variant ${uri} ${what}`);
}
