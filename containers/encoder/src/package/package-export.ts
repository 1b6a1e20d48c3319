import { FORMAT_NAME, type PackageHeader } from './package-format.ts';
import { mapMedia } from './package-snapshot.ts';
import type { StreamPackage } from './stream-package.ts';

/** A package as bytes for another task. */
export interface ExportedPackage {
  /** How many bytes `chunks` have in all. */
  readonly bytes: number;
  /** The bytes, in order. Media is not copied: these are the package's own buffers, and nobody may write into them. */
  readonly chunks: readonly Buffer[];
}

/**
 * The bytes from which `restorePackage` makes the same package: all that it knows, with the media that its playlists
 * list and a little before. Throws unless the package is frozen or has ended.
 */
export function exportPackage(stream: StreamPackage): ExportedPackage {
  const indexOf = new Map<Buffer, number>();
  const snapshot = mapMedia(stream.snapshot(), (media) => {
    const index = indexOf.get(media) ?? indexOf.size;
    indexOf.set(media, index);
    return index;
  });
  const media = [...indexOf.keys()];
  const header: PackageHeader = { snapshot, mediaBytes: media.map(({ length }) => length) };
  const json = Buffer.from(JSON.stringify(header));
  const headerBytes = Buffer.alloc(4);
  headerBytes.writeUInt32BE(json.length);
  const chunks = [FORMAT_NAME, headerBytes, json, ...media];
  return { bytes: chunks.reduce((bytes, { length }) => bytes + length, 0), chunks };
}
