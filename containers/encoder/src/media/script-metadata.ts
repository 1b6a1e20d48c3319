import { readScriptMessage } from './script-message.ts';

/** The fields of an `onMetaData` script tag (FLV specification E.5), without nested objects and arrays. */
export type ScriptMetadata = ReadonlyMap<string, number | boolean | string>;

export const METADATA_MESSAGE = 'onMetaData';

/** Parses a script tag's body. Returns null if it is not an intact `onMetaData`. */
export function parseScriptMetadata(payload: Buffer): ScriptMetadata | null {
  const message = readScriptMessage(payload, 1);
  const fields = message?.values[0];
  if (message?.name !== METADATA_MESSAGE || typeof fields !== 'object' || fields === null || Array.isArray(fields))
    return null;
  const plain = Object.entries(fields).flatMap(([name, value]) =>
    typeof value === 'object' ? [] : [[name, value] as const],
  );
  return new Map(plain);
}
