import { LADDER_NAMES, type LadderName } from './ladders.ts';

/**
 * Codecs in which the rungs of a ladder may be encoded, in the order in which players are offered them. Every player has the first,
 * so every ladder has it.
 */
export const VIDEO_CODECS = ['h264', 'hevc', 'av1'] as const;
export type VideoCodec = (typeof VIDEO_CODECS)[number];
export const BASE_CODEC = 'h264' satisfies VideoCodec;
/** A codec that only some players have. Its renditions are there besides those of `BASE_CODEC`. */
export type ExtraCodec = Exclude<VideoCodec, typeof BASE_CODEC>;
export const EXTRA_CODECS = ['hevc', 'av1'] as const satisfies readonly ExtraCodec[];
export const DEFAULT_CODECS: readonly VideoCodec[] = [BASE_CODEC];

/** A rung's bitrate in a codec, as a share of that of H.264. */
const BITRATE_SHARES = { h264: 1, hevc: 0.6, av1: 0.6 } as const satisfies Record<VideoCodec, number>;

/** The bitrate in kbit/s that a codec gets where H.264 gets `h264Kbps`. */
export const codecKbps = (h264Kbps: number, codec: VideoCodec): number => Math.round(h264Kbps * BITRATE_SHARES[codec]);

/** The name of a video rendition, and of its folder in URLs. */
export type VideoRenditionName = LadderName | `${LadderName}-${ExtraCodec}`;

/** The name of a rung's rendition in a codec. */
export const renditionNameOf = (rung: LadderName, codec: VideoCodec): VideoRenditionName =>
  codec === BASE_CODEC ? rung : `${rung}-${codec}`;

/** The codec of a video rendition with this name. */
export const codecOfRendition = (name: string): VideoCodec =>
  EXTRA_CODECS.find((codec) => name.endsWith(`-${codec}`)) ?? BASE_CODEC;

/** All names that a video rendition can have. */
export const VIDEO_RENDITION_NAMES = VIDEO_CODECS.flatMap((codec) =>
  LADDER_NAMES.map((rung) => renditionNameOf(rung, codec)),
);

/** Why these can't be the codecs of a ladder. Null if they can. */
export function codecsProblem(codecs: readonly VideoCodec[]): string | null {
  if (new Set(codecs).size < codecs.length) return 'a codec is named twice';
  if (!codecs.includes(BASE_CODEC)) return `${BASE_CODEC} must be among them, because some players have no other`;
  return null;
}
