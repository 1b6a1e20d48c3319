/** AMF0 type markers (AMF 0 specification, 2.1). */
const NUMBER = 0x00;
const BOOLEAN = 0x01;
const STRING = 0x02;
const OBJECT = 0x03;
const NULL = 0x05;
const UNDEFINED = 0x06;
const REFERENCE = 0x07;
const ECMA_ARRAY = 0x08;
const OBJECT_END = 0x09;
const STRICT_ARRAY = 0x0a;
const DATE = 0x0b;
const LONG_STRING = 0x0c;

/** Publishers nest two levels at most. */
const MAX_DEPTH = 8;

/** A value of a script message. What AMF0 has and JSON has not is null. */
export type ScriptValue = number | boolean | string | null | ScriptObject | readonly ScriptValue[];

export interface ScriptObject {
  readonly [name: string]: ScriptValue;
}

/** Reads the AMF0 values of a script message one after the other. Throws a RangeError where the bytes are not AMF0. */
export class Amf0Reader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  readValue(depth = 0): ScriptValue {
    if (depth > MAX_DEPTH) throw new RangeError('nested too deep');
    const marker = this.#take(1).readUInt8();
    switch (marker) {
      case NUMBER:
        return this.#take(8).readDoubleBE();
      case BOOLEAN:
        return this.#take(1).readUInt8() !== 0;
      case STRING:
        return this.#readString(this.#take(2).readUInt16BE());
      case LONG_STRING:
        return this.#readString(this.#take(4).readUInt32BE());
      case ECMA_ARRAY:
        this.#take(4); // a count, which some publishers get wrong; the end marker decides
        return this.#readFields(depth);
      case OBJECT:
        return this.#readFields(depth);
      case STRICT_ARRAY:
        return this.#readArray(depth);
      case DATE:
        this.#take(10);
        return null;
      case REFERENCE:
        this.#take(2);
        return null;
      case NULL:
      case UNDEFINED:
        return null;
      default:
        throw new RangeError(`AMF0 type ${marker}`);
    }
  }

  #readFields(depth: number): ScriptObject {
    const fields = new Map<string, ScriptValue>();
    for (;;) {
      const name = this.#readString(this.#take(2).readUInt16BE());
      if (name === '' && this.#bytes[this.#offset] === OBJECT_END) {
        this.#offset++;
        return Object.fromEntries(fields);
      }
      fields.set(name, this.readValue(depth + 1));
    }
  }

  #readArray(depth: number): ScriptValue[] {
    const count = this.#take(4).readUInt32BE();
    const values: ScriptValue[] = [];
    for (let index = 0; index < count; index++) values.push(this.readValue(depth + 1)); // a wrong count ends with the bytes
    return values;
  }

  #readString(byteLength: number): string {
    return this.#take(byteLength).toString('utf8');
  }

  #take(byteLength: number): Buffer {
    const end = this.#offset + byteLength;
    if (end > this.#bytes.length) throw new RangeError('AMF0 ends early');
    const taken = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }
}
