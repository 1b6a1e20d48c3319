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
  const withoutCaptions = variants.filter(({ attributes }) => attributes.get('CLOSED-CAPTIONS') === 'NONE');
  return [
    ...(variants.length === 0 ? ['no variant is listed'] : []),
    ...(new Set(uris).size < uris.length ? ['two variants have the same URI'] : []),
    ...(tagNames.includes('EXT-X-INDEPENDENT-SEGMENTS') ? [] : ['EXT-X-INDEPENDENT-SEGMENTS is missing']),
    ...(withoutCaptions.length % variants.length === 0 ? [] : ['CLOSED-CAPTIONS=NONE must be on all variants or none']),
    ...media.flatMap(checkMedia),
    ...variants.flatMap((variant) => checkVariant(variant, media)),
  ];
}

function checkMedia(attributes: Attributes): string[] {
  const needed = ['TYPE', 'GROUP-ID', 'NAME', 'URI', ...(attributes.get('TYPE') === 'AUDIO' ? ['CHANNELS'] : [])];
  return needed.filter((name) => !attributes.has(name)).map((name) => `EXT-X-MEDIA has no ${name}`);
}

function checkVariant({ uri, attributes }: Variant, media: readonly Attributes[]): string[] {
  const codecs = attributes.get('CODECS') ?? '';
  const hasVideo = /\bavc1\.[0-9a-f]{6}\b/.test(codecs);
  const hasAudio = /\bmp4a\.40\.\d+\b/.test(codecs);
  const group = attributes.get('AUDIO');
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
  ];
  return rules.filter(([isViolated]) => isViolated).map(([, what]) => `variant ${uri} ${what}`);
}
