/** One rung of a ladder: a target size and its bitrates in kbit/s. */
export interface Rung {
  readonly name: string;
  /** Pixels of the shorter side, so that a portrait source keeps its detail. */
  readonly shortSide: number;
  readonly videoKbps: number;
  /** For 50 and 60 frames per second. */
  readonly videoKbpsHighFrameRate: number;
}

/** All rungs, best first. */
export const RUNGS = [
  { name: '2160p', shortSide: 2160, videoKbps: 12_000, videoKbpsHighFrameRate: 12_000 },
  { name: '1440p', shortSide: 1440, videoKbps: 6_000, videoKbpsHighFrameRate: 6_000 },
  { name: '1080p', shortSide: 1080, videoKbps: 4_000, videoKbpsHighFrameRate: 5_000 },
  { name: '720p', shortSide: 720, videoKbps: 2_500, videoKbpsHighFrameRate: 2_500 },
  { name: '480p', shortSide: 480, videoKbps: 1_000, videoKbpsHighFrameRate: 1_000 },
  { name: '360p', shortSide: 360, videoKbps: 600, videoKbpsHighFrameRate: 600 },
] as const satisfies readonly Rung[];

/** A ladder is named by its top rung and has every rung below it. */
export type LadderName = (typeof RUNGS)[number]['name'];
export const LADDER_NAMES = RUNGS.map((rung) => rung.name);
export const DEFAULT_LADDER: LadderName = '720p';

/** Name of the one audio rendition that all rungs share, and of its folder in URLs. */
export const AUDIO_RENDITION = 'audio';

/** The rungs of a ladder, best first. */
export function ladderRungs(ladder: LadderName): readonly (typeof RUNGS)[number][] {
  return RUNGS.slice(RUNGS.findIndex((rung) => rung.name === ladder));
}

/**
 * The rungs that a source whose shorter side has `shortSide` pixels gives, best first. Nothing is upscaled: a source below
 * all rungs gives the lowest one alone, at the source's own size.
 */
export function sourceRungs(ladder: LadderName, shortSide: number): readonly (typeof RUNGS)[number][] {
  const rungs = ladderRungs(ladder);
  const fitting = rungs.filter((rung) => rung.shortSide <= shortSide);
  return fitting.length > 0 ? fitting : rungs.slice(-1);
}

/** AAC bitrate in kbit/s of a ladder's audio rendition. */
export function audioKbps(ladder: LadderName): number {
  return ladder === '2160p' || ladder === '1440p' ? 192 : 128;
}

/**
 * What a publisher may send to a ladder on average, in kbit/s: twice the bitrate of its best rung and its audio. No
 * viewer would benefit from more.
 */
export function maxInputKbps(ladder: LadderName): number {
  const topKbps = Math.max(...ladderRungs(ladder).map((rung) => rung.videoKbpsHighFrameRate));
  return 2 * (topKbps + audioKbps(ladder));
}
