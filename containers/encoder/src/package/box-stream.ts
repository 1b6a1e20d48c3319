/** One top-level box of an ISO base media file (ISO/IEC 14496-12 4.2), header included. */
export interface Box {
  readonly type: string;
  readonly data: Buffer;
}

/**
 * Far larger than any fragment of a 2160p ladder. A larger size means that the stream is not an ISO base media file.
 */
const MAX_BOX_BYTES = 32 * 1024 * 1024;
export const BOX_HEADER_BYTES = 8;

/**
 * Splits a byte stream that arrives in arbitrary chunks into whole boxes. Does not copy boxes that arrive in one chunk.
 */
export class BoxStream {
  #chunks: Buffer[] = [];
  #bufferedBytes = 0;
  #neededBytes = BOX_HEADER_BYTES;

  /** Adds a chunk and returns the boxes that it completes. Throws if a box has an impossible size. */
  push(chunk: Buffer): Box[] {
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.length;
    if (this.#bufferedBytes < this.#neededBytes) return [];
    const buffer = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#bufferedBytes);
    const boxes: Box[] = [];
    let offset = 0;
    this.#neededBytes = BOX_HEADER_BYTES;
    while (buffer.length - offset >= BOX_HEADER_BYTES) {
      const size = boxSize(buffer, offset);
      if (buffer.length - offset < size) {
        this.#neededBytes = size;
        break;
      }
      boxes.push({ type: boxType(buffer, offset), data: buffer.subarray(offset, offset + size) });
      offset += size;
    }
    this.#chunks = offset === buffer.length ? [] : [buffer.subarray(offset)];
    this.#bufferedBytes = buffer.length - offset;
    return boxes;
  }
}

function boxSize(buffer: Buffer, offset: number): number {
  const size = buffer.readUInt32BE(offset);
  if (size < BOX_HEADER_BYTES || size > MAX_BOX_BYTES) {
    throw new Error(`box ${boxType(buffer, offset)} has ${size} bytes; 8 to ${MAX_BOX_BYTES} are allowed`);
  }
  return size;
}

function boxType(buffer: Buffer, offset: number): string {
  return buffer.toString('latin1', offset + 4, offset + BOX_HEADER_BYTES);
}

/** The sequence of boxes in `data`. Throws if one is truncated. */
export function childBoxes(data: Buffer): Box[] {
  const boxes: Box[] = [];
  let offset = 0;
  while (offset + BOX_HEADER_BYTES <= data.length) {
    const size = boxSize(data, offset);
    if (offset + size > data.length) throw new Error(`box ${boxType(data, offset)} reaches past its parent`);
    boxes.push({ type: boxType(data, offset), data: data.subarray(offset, offset + size) });
    offset += size;
  }
  return boxes;
}

/** The box at a path of types below a container box. Throws if it is missing. */
export function requireBox(container: Box, ...path: string[]): Box {
  let box = container;
  for (const type of path) {
    const found = childBoxes(box.data.subarray(BOX_HEADER_BYTES)).find((child) => child.type === type);
    if (found === undefined) throw new Error(`no ${type} box in ${box.type}`);
    box = found;
  }
  return box;
}
