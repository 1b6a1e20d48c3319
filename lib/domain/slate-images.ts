/** The media types that a picture for a slate may have. FFmpeg decodes no other from strangers. */
export const SLATE_IMAGE_TYPES = ['image/png', 'image/jpeg'] as const;
export type SlateImageType = (typeof SLATE_IMAGE_TYPES)[number];

/** Limits of a stream's own picture. A DynamoDB item has at most 400 KB, and no ladder is larger than 3840x2160. */
export const SLATE_IMAGE_LIMITS = { bytes: 300_000, pixelsPerSide: 4096 } as const;

/** A picture that stands in for a stream while its publisher is away. */
export interface SlateImage {
  readonly type: SlateImageType;
  readonly data: Uint8Array;
}

/** What a stream's record says of the stream's own picture. The picture itself is stored elsewhere. */
export interface SlateImageFacts {
  readonly type: SlateImageType;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** Size of the file. */
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/** The first bytes of files of each type (PNG, third edition, 5.2; ITU-T T.81, B.2.1). */
const SIGNATURES: Readonly<Record<SlateImageType, readonly number[]>> = {
  'image/png': [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  'image/jpeg': [0xff, 0xd8, 0xff],
};

/** The type of a file by its first eight bytes. Null if it is no picture for a slate. */
export const slateImageTypeOf = (head: Uint8Array): SlateImageType | null =>
  SLATE_IMAGE_TYPES.find((type) => SIGNATURES[type].every((byte, index) => head[index] === byte)) ?? null;
