import { parseMediaPlaylist } from './playlist/media-playlist.ts';
import { parseMultivariantPlaylist } from './playlist/multivariant-playlist.ts';
import type { HlsRule } from './rule.ts';
import { MEDIA_PLAYLIST_RULES } from './rules/media-playlist-rules.ts';
import { MULTIVARIANT_RULES } from './rules/multivariant-rules.ts';
import { PART_RULES } from './rules/part-rules.ts';
import { SYNTAX_RULES } from './rules/syntax-rules.ts';

/** Checks one media playlist by itself. Returns a line for each violation. Throws if the text is not a playlist. */
export function checkMediaPlaylist(text: string, { isDeltaAllowed = false } = {}): string[] {
  const playlist = parseMediaPlaylist(text);
  const { lines } = playlist;
  return [
    ...broken(SYNTAX_RULES, { bytes: Buffer.from(text), lines, isMultivariant: false }),
    ...broken([...MEDIA_PLAYLIST_RULES, ...PART_RULES], { playlist, isDeltaAllowed, isIFramePlaylist: null }),
  ];
}

/** Checks one multivariant playlist by itself. Returns a line for each violation. Throws if the text is not a playlist. */
export function checkMultivariantPlaylist(text: string): string[] {
  const playlist = parseMultivariantPlaylist(text);
  const { lines } = playlist;
  return [
    ...broken(SYNTAX_RULES, { bytes: Buffer.from(text), lines, isMultivariant: true }),
    ...broken(MULTIVARIANT_RULES, playlist),
  ];
}

function broken<Subject>(rules: readonly HlsRule<Subject>[], subject: Subject): string[] {
  return rules.flatMap(({ check }) => check(subject));
}
