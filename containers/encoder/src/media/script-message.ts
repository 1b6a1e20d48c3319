import { Amf0Reader, type ScriptValue } from './amf0-reader.ts';

/** A script message, as RTMP calls it a data message: `onMetaData`, `onTextData`, `onCuePoint` and their like. */
export interface ScriptMessage {
  readonly name: string;
  /** What follows the name; mostly one object. */
  readonly values: readonly ScriptValue[];
}

/** Reads a script tag's body. Returns null if it is not intact. Reads `maxValues` at most, and ignores what follows. */
export function readScriptMessage(payload: Buffer, maxValues: number): ScriptMessage | null {
  const reader = new Amf0Reader(payload);
  try {
    const name = reader.readValue();
    if (typeof name !== 'string') return null;
    const values: ScriptValue[] = [];
    while (values.length < maxValues && !reader.isAtEnd) values.push(reader.readValue());
    return { name, values };
  } catch (error) {
    if (error instanceof RangeError) return null; // the message ends early or is not AMF0
    throw error;
  }
}
