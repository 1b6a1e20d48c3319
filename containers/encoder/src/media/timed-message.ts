import type { ScriptObject, ScriptValue } from './amf0-reader.ts';
import { id3TextTag } from './id3-tag.ts';
import { readScriptMessage } from './script-message.ts';
import { METADATA_MESSAGE } from './script-metadata.ts';
import { parseSpliceInfo, type SpliceSignal } from './splice-info.ts';

/** What a publisher says at a moment of its media, in the form in which players get it. */
export interface TimedMessage {
  /** An ID3 tag with the message's name and its values in JSON. */
  readonly id3: Buffer;
  /** Empty if the message is no SCTE-35 marker. */
  readonly splices: readonly SpliceSignal[];
  /** When that happens of which it speaks, on the clock of the publisher's timestamps. Null if it does not say. */
  readonly timeSeconds: number | null;
}

/** A message of more bytes is refused, before it is parsed and after. */
const MAX_MESSAGE_BYTES = 8 * 1024;
export const MAX_ID3_BYTES = 4 * 1024;
/** Further ones are left out. */
const MAX_VALUES = 4;
/** Deeper ones become null. */
const MAX_VALUE_DEPTH = 4;
const NAME = /^on[A-Za-z0-9_.]{1,62}$/;
/** Messages of the protocol itself. */
const PROTOCOL_NAMES: readonly string[] = ['onStatus', 'onBWDone', 'onFCPublish', 'onFCUnpublish'];
/**
 * Fields of `onMetaData` that describe what the publisher sends (FLV specification E.5, and what OBS and FFmpeg add). Viewers get
 * something else.
 */
const TECHNICAL_FIELD =
  /^(duration|file_?size|width|height|video.*|audio.*|framerate|fps|stereo|encoder|server|canSeekToEnd|creationdate|metadatacreator|has[A-Z].*|lasttimestamp|lastkeyframe.*|keyframes|major_brand|minor_version|compatible_brands|\d\.\d|.*TrackIdInfoMap)$/i;
/** Control characters, which have no place in what players show or log. */
const CONTROL_CHARACTERS = /\p{Cc}/gu;
const HEXADECIMAL = /^(?:0x)?((?:[0-9a-f]{2})+)$/i;
/** A section in base64 begins with a slash, so it is no hexadecimal number. */
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** What becomes of a script tag's body. `ignored` has nothing for viewers, and `refused` breaks a limit. */
export function toTimedMessage(payload: Buffer): TimedMessage | 'ignored' | 'refused' {
  if (payload.length > MAX_MESSAGE_BYTES) return 'refused';
  const message = readScriptMessage(payload, MAX_VALUES);
  if (message === null || !NAME.test(message.name) || PROTOCOL_NAMES.includes(message.name)) return 'ignored';
  const { name } = message;
  const values = message.values.map((value) => sanitised(name === METADATA_MESSAGE ? ofContent(value) : value, 1));
  const only = values.length === 1 ? values[0] : undefined;
  if (name === METADATA_MESSAGE && isEmpty(only)) return 'ignored';
  const id3 = id3TextTag(name, JSON.stringify(only ?? values));
  return id3.length > MAX_ID3_BYTES
    ? 'refused'
    : { id3, splices: splicesIn(message.values), timeSeconds: timeIn(only) };
}

/** A cue may be sent before its time. */
function timeIn(value: ScriptValue | undefined): number | null {
  const time = value !== undefined && isObject(value) ? value.time : null;
  return typeof time === 'number' && Number.isFinite(time) ? time : null;
}

/** Without the fields that describe the publisher's media. */
function ofContent(value: ScriptValue): ScriptValue {
  if (!isObject(value)) return {};
  return Object.fromEntries(Object.entries(value).filter(([name]) => !TECHNICAL_FIELD.test(name)));
}

function isEmpty(value: ScriptValue | undefined): boolean {
  return value === undefined || !isObject(value) || Object.keys(value).length === 0;
}

function sanitised(value: ScriptValue, depth: number): ScriptValue {
  if (typeof value === 'string') return plainText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_VALUE_DEPTH) return null;
  if (!isObject(value)) return value.map((item) => sanitised(item, depth + 1));
  const fields = Object.entries(value).map(([name, field]) => [plainText(name), sanitised(field, depth + 1)]);
  return Object.fromEntries(fields);
}

function plainText(text: string): string {
  return text.replace(CONTROL_CHARACTERS, ' ');
}

/**
 * The first text anywhere in a message that is an SCTE-35 section, in base64 or in hexadecimal. Encoders give it different names
 * (`cue` in Adobe's `onAdCue`, parameters in Elemental's `onCuePoint`), and its checksum tells it from anything else.
 */
function splicesIn(values: readonly ScriptValue[]): SpliceSignal[] {
  for (const value of values) {
    const found = splicesOf(value);
    if (found.length > 0) return found;
  }
  return [];
}

function splicesOf(value: ScriptValue): SpliceSignal[] {
  if (typeof value === 'object') return value === null ? [] : splicesIn(Object.values(value));
  if (typeof value !== 'string') return [];
  const [, digits] = HEXADECIMAL.exec(value) ?? [];
  if (digits !== undefined) return parseSpliceInfo(Buffer.from(digits, 'hex'));
  return BASE64.test(value) ? parseSpliceInfo(Buffer.from(value, 'base64')) : [];
}

function isObject(value: ScriptValue): value is ScriptObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
