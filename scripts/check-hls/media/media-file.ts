import { createHash } from 'node:crypto';
import type { InitTrack } from './init-tracks.ts';
import { readInitTracks } from './init-tracks.ts';
import { type MediaFragment, readFirstFragments, readFragments } from './media-fragments.ts';
import { readBoxes } from './mp4-boxes.ts';

/** A file that playlists name. */
export interface MediaFile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly digest: string;
}

/** What an init section says. */
export interface InitFacts {
  readonly path: string;
  readonly digest: string;
  readonly tracks: readonly InitTrack[];
  /** Types of its boxes. */
  readonly boxes: readonly string[];
}

/** What a segment or part has in it. */
export interface MediaFacts {
  readonly path: string;
  readonly sizeBytes: number;
  readonly fragments: readonly MediaFragment[];
}

export function toMediaFile(path: string, bytes: Buffer): MediaFile {
  return { path, bytes, digest: createHash('sha256').update(bytes).digest('base64') };
}

/** Reads an init section. A string says why it can't be read. */
export function readInit({ path, digest, bytes }: MediaFile): InitFacts | string {
  try {
    return { path, digest, tracks: readInitTracks(bytes), boxes: readBoxes(bytes).map(({ type }) => type) };
  } catch (error) {
    return (error as Error).message;
  }
}

/** Reads a segment or part, or the I-frame with which some bytes begin. A string says why it can't be read. */
export function readMedia({ path, bytes }: MediaFile, init: InitFacts, { isIFrame = false } = {}): MediaFacts | string {
  try {
    const defaultsOf = (trackId: number) => init.tracks.find((track) => track.trackId === trackId)?.defaults;
    return {
      path,
      sizeBytes: bytes.length,
      fragments: (isIFrame ? readFirstFragments : readFragments)(bytes, defaultsOf),
    };
  } catch (error) {
    return (error as Error).message;
  }
}

/** Where a piece of media is on a stream's timeline. */
export interface DecodeSpan {
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** The decode times of a track's fragments, in order. Fragments without a decode time, or of another track, are left out. */
export function spansOf({ fragments }: MediaFacts, { trackId, timescale }: InitTrack): DecodeSpan[] {
  return fragments.flatMap(({ trackId: own, startTicks, durationTicks }) =>
    own !== trackId || startTicks === null
      ? []
      : [{ startSeconds: startTicks / timescale, endSeconds: (startTicks + durationTicks) / timescale }],
  );
}
