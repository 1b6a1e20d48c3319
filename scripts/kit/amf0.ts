/** The AMF0 values of RTMP commands (AMF 0 specification, section 2). */
export type AmfValue = number | boolean | string | null | undefined | { readonly [field: string]: AmfValue };

/** Encodes a sequence of values. */
export function encodeAmf0(...values: readonly AmfValue[]): Buffer {
  return Buffer.concat(values.map(encodeValue));
}

function encodeValue(value: AmfValue): Buffer {
  if (value === null) return Buffer.from([5]);
  if (value === undefined) return Buffer.from([6]);
  if (typeof value === 'boolean') return Buffer.from([1, value ? 1 : 0]);
  if (typeof value === 'string') return Buffer.concat([Buffer.from([2]), encodeName(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  const fields = Object.entries(value).flatMap(([name, field]) => [encodeName(name), encodeValue(field)]);
  return Buffer.concat([Buffer.from([3]), ...fields, Buffer.from([0, 0, 9])]);
}

function encodeName(name: string): Buffer {
  const text = Buffer.from(name, 'utf8');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length);
  return Buffer.concat([length, text]);
}

/** Decodes a whole message. Throws on types that servers do not send. */
export function decodeAmf0(bytes: Buffer): AmfValue[] {
  const values: AmfValue[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const decoded = decodeValue(bytes, offset);
    values.push(decoded.value);
    offset = decoded.end;
  }
  return values;
}

interface DecodedValue<T> {
  readonly value: T;
  readonly end: number;
}

function decodeValue(bytes: Buffer, offset: number): DecodedValue<AmfValue> {
  const start = offset + 1;
  switch (bytes[offset]) {
    case 0:
      return { value: bytes.readDoubleBE(start), end: start + 8 };
    case 1:
      return { value: bytes[start] !== 0, end: start + 1 };
    case 2:
      return decodeName(bytes, start);
    case 3:
      return decodeFields(bytes, start);
    case 5:
      return { value: null, end: start };
    case 6:
      return { value: undefined, end: start };
    default:
      throw new Error(`AMF0 type ${bytes[offset]}`);
  }
}

function decodeFields(bytes: Buffer, start: number): DecodedValue<{ [field: string]: AmfValue }> {
  const value: { [field: string]: AmfValue } = {};
  let name = decodeName(bytes, start);
  while (name.value !== '') {
    const field = decodeValue(bytes, name.end);
    value[name.value] = field.value;
    name = decodeName(bytes, field.end);
  }
  return { value, end: name.end + 1 };
}

function decodeName(bytes: Buffer, offset: number): DecodedValue<string> {
  const end = offset + 2 + bytes.readUInt16BE(offset);
  return { value: bytes.toString('utf8', offset + 2, end), end };
}
