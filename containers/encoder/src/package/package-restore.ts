import { ByteReader } from './byte-reader.ts';
import { checkMedia, checkPackage } from './package-check.ts';
import {
  FORMAT_NAME,
  MAX_HEADER_BYTES,
  type PackageHeader,
  PREAMBLE_BYTES,
  packageHeaderSchema,
} from './package-format.ts';
import { mapMedia } from './package-snapshot.ts';
import { StreamPackage } from './stream-package.ts';

export interface RestoreLimits {
  /** A package with more bytes is refused. */
  readonly maxBytes: number;
}

/**
 * Makes a package of what `exportPackage` wrote on another task: a live one that a run can continue, or an ended one.
 * Nothing in the bytes is trusted. Rejects if they are cut short, go on, exceed a limit or are no package, and with the
 * stream's own errors. Media is copied once. Whoever opened the stream limits how long it may take.
 */
export async function restorePackage(
  stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { maxBytes }: RestoreLimits,
): Promise<StreamPackage> {
  const reader = new ByteReader(stream, maxBytes);
  try {
    const { snapshot, mediaBytes } = await readHeader(reader, maxBytes);
    const media: Buffer[] = [];
    for (const bytes of mediaBytes) media.push(await reader.read(bytes));
    await reader.expectEnd();
    const restored = mapMedia(snapshot, (index) => media[index] ?? Buffer.alloc(0));
    checkMedia(restored);
    return new StreamPackage(restored);
  } finally {
    await reader.close();
  }
}

async function readHeader(reader: ByteReader, maxBytes: number): Promise<PackageHeader> {
  const preamble = await reader.read(PREAMBLE_BYTES);
  if (!preamble.subarray(0, FORMAT_NAME.length).equals(FORMAT_NAME)) throw new Error('not a package of this format');
  const headerBytes = preamble.readUInt32BE(FORMAT_NAME.length);
  if (headerBytes > MAX_HEADER_BYTES) throw new Error(`a header of ${headerBytes} bytes`);
  const json: unknown = JSON.parse((await reader.read(headerBytes)).toString());
  const header = packageHeaderSchema.parse(json);
  const announcedBytes = header.mediaBytes.reduce((total, bytes) => total + bytes, PREAMBLE_BYTES + headerBytes);
  if (announcedBytes > maxBytes) throw new Error(`a package of ${announcedBytes} bytes; ${maxBytes} are allowed`);
  checkPackage(header);
  return header;
}
