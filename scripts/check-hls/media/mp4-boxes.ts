/** A box of an ISO base media file (ISO/IEC 14496-12). */
export interface Mp4Box {
  readonly type: string;
  /** Of its header, in the file. */
  readonly offset: number;
  readonly payload: Buffer;
}

const HEADER_BYTES = 8;
const LARGE_HEADER_BYTES = 16;

/** The boxes in a piece of a file. Throws if one does not fit. `base` is the piece's own offset. */
export function readBoxes(bytes: Buffer, base = 0): Mp4Box[] {
  const boxes: Mp4Box[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    if (bytes.length - offset < HEADER_BYTES) throw new Error(`${bytes.length - offset} bytes follow the last box`);
    const type = bytes.toString('latin1', offset + 4, offset + HEADER_BYTES);
    const short = bytes.readUInt32BE(offset);
    const isLarge = short === 1 && bytes.length - offset >= LARGE_HEADER_BYTES;
    const size = isLarge ? Number(bytes.readBigUInt64BE(offset + HEADER_BYTES)) : short;
    const header = isLarge ? LARGE_HEADER_BYTES : HEADER_BYTES;
    if (size < header || size > bytes.length - offset) throw new Error(`a ${type} box of ${size} bytes does not fit`);
    boxes.push({ type, offset: base + offset, payload: bytes.subarray(offset + header, offset + size) });
    offset += size;
  }
  return boxes;
}

/** The boxes at a path of types, such as `moov`, `trak`. */
export function findBoxes(bytes: Buffer, ...path: readonly string[]): Mp4Box[] {
  const [type, ...rest] = path;
  const found = readBoxes(bytes).filter((box) => box.type === type);
  return rest.length === 0 ? found : found.flatMap((box) => findBoxes(box.payload, ...rest));
}

/** The first box at a path. Throws if there is none. */
export function needBox(bytes: Buffer, ...path: readonly string[]): Mp4Box {
  const [box] = findBoxes(bytes, ...path);
  if (box === undefined) throw new Error(`there is no ${path.join('/')} box`);
  return box;
}
