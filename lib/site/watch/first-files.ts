import { RESUME_BUFFER_SHARE } from './playback.ts';

/** hls.js starts with the best variant of at most this bitrate: medium quality at once, in place of a measurement. */
export const START_BITS_PER_SECOND = 2_000_000;

/** More parts than any profile has in its hold-back and the group of pictures before it. */
const MAX_PARTS = 24;

interface StartVariant {
  readonly uri: string;
  readonly bitsPerSecond: number;
  /** The shorter side of the picture, in pixels. */
  readonly size: number;
  /** For example "avc1". */
  readonly codec: string;
}

const attribute = (line: string, name: string): string =>
  new RegExp(`[:,]${name}=(?:"([^"]*)"|([^,\\r\\n]*))`).exec(line)?.slice(1).find(Boolean) ?? '';

function toVariant(line: string, uri: string): StartVariant {
  return {
    uri,
    bitsPerSecond: Number(attribute(line, 'BANDWIDTH')),
    size: Math.min(...attribute(line, 'RESOLUTION').split('x').map(Number)),
    codec: attribute(line, 'CODECS').slice(0, 4),
  };
}

/**
 * Returns the playlists to play first, as URIs relative to the multivariant playlist: the variant of the size that the
 * viewer has chosen, or one that suits most networks, and its sound. None if the choice depends on what the browser
 * decodes.
 */
export function firstPlaylists(master: string, chosenSize: number | null): readonly string[] {
  const lines = master.split(/\r?\n/);
  const variants = lines.flatMap((line, index) =>
    line.startsWith('#EXT-X-STREAM-INF:') ? [toVariant(line, lines[index + 1] ?? '')] : [],
  );
  if (new Set(variants.map(({ codec }) => codec)).size !== 1) return [];
  const rising = variants.sort((a, b) => a.bitsPerSecond - b.bitsPerSecond);
  const first =
    rising.find(({ size }) => size === chosenSize) ??
    rising.findLast(({ bitsPerSecond }) => bitsPerSecond <= START_BITS_PER_SECOND) ??
    rising[0];
  const audio = lines.find((line) => line.startsWith('#EXT-X-MEDIA:TYPE=AUDIO') && line.includes('DEFAULT=YES'));
  return [first?.uri, attribute(audio ?? '', 'URI')].filter((uri) => uri !== undefined && uri !== '') as string[];
}

/**
 * Returns what a player needs of a media playlist to start, as URIs relative to it: the init section, and the parts from
 * the last one that can be decoded by itself and is not nearer to the end than the hold-back, as far as is enough. None of
 * a playlist that has no parts, or has ended.
 */
export function firstMedia(playlist: string): readonly string[] {
  const lines = playlist.split(/\r?\n/);
  const holdBackSeconds = Number(attribute(playlist, 'PART-HOLD-BACK'));
  const init = lines.findLast((line) => line.startsWith('#EXT-X-MAP:'));
  if (!(holdBackSeconds > 0) || init === undefined || lines.includes('#EXT-X-ENDLIST')) return [];
  const enoughSeconds = holdBackSeconds * (1 - RESUME_BUFFER_SHARE);
  const parts: string[] = [];
  let secondsToEnd = 0;
  for (const line of lines.filter((part) => part.startsWith('#EXT-X-PART:')).reverse()) {
    secondsToEnd += Number(attribute(line, 'DURATION'));
    if (secondsToEnd > enoughSeconds) parts.unshift(attribute(line, 'URI'));
    if (secondsToEnd >= holdBackSeconds && attribute(line, 'INDEPENDENT') === 'YES') break;
  }
  return parts.length > MAX_PARTS ? [] : [attribute(init, 'URI'), ...parts];
}
