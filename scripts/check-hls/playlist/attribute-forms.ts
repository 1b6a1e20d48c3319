/** How an attribute's value is written (RFC 8216bis 4.2). */
const FORMS = {
  integer: /^\d{1,20}$/,
  float: /^\d+(\.\d+)?$/,
  signed: /^-?\d+(\.\d+)?$/,
  hex: /^0[xX][0-9A-Fa-f]+$/,
  string: /^"[^"\r\n]*"$/,
  resolution: /^\d+x\d+$/,
  yes: /^YES$/,
  yesNo: /^(YES|NO)$/,
  captions: /^(NONE|"[^"\r\n]*")$/,
  type: /^(AUDIO|VIDEO|SUBTITLES|CLOSED-CAPTIONS)$/,
  range: /^(SDR|HLG|PQ)$/,
  hdcp: /^(TYPE-0|TYPE-1|NONE)$/,
  method: /^(NONE|AES-128|SAMPLE-AES|SAMPLE-AES-CTR)$/,
  hint: /^(PART|MAP)$/,
  cue: /^"(PRE|POST|ONCE)(,(PRE|POST|ONCE))*"$/,
  date: /^"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?"$/,
} as const satisfies Record<string, RegExp>;

type Form = keyof typeof FORMS;

interface AttributeForms {
  /** Attributes that must be there. */
  readonly needed: readonly string[];
  readonly forms: Readonly<Record<string, Form>>;
}

const STREAM: Readonly<Record<string, Form>> = {
  ...{ BANDWIDTH: 'integer', 'AVERAGE-BANDWIDTH': 'integer', SCORE: 'float', CODECS: 'string' },
  ...{ 'SUPPLEMENTAL-CODECS': 'string', RESOLUTION: 'resolution', 'FRAME-RATE': 'float', 'HDCP-LEVEL': 'hdcp' },
  ...{ 'ALLOWED-CPC': 'string', 'VIDEO-RANGE': 'range', 'STABLE-VARIANT-ID': 'string', 'PATHWAY-ID': 'string' },
  ...{ 'REQ-VIDEO-LAYOUT': 'string', VIDEO: 'string' },
};

/** The tags whose values are attribute lists. Attributes that are not named may have any form. */
const TAGS: Readonly<Record<string, AttributeForms>> = {
  'EXT-X-START': { needed: ['TIME-OFFSET'], forms: { 'TIME-OFFSET': 'signed', PRECISE: 'yesNo' } },
  'EXT-X-PART-INF': { needed: ['PART-TARGET'], forms: { 'PART-TARGET': 'float' } },
  'EXT-X-SERVER-CONTROL': {
    needed: [],
    forms: {
      ...{ 'CAN-SKIP-UNTIL': 'float', 'CAN-SKIP-DATERANGES': 'yes', 'HOLD-BACK': 'float' },
      ...{ 'PART-HOLD-BACK': 'float', 'CAN-BLOCK-RELOAD': 'yes' },
    },
  },
  'EXT-X-KEY': { needed: ['METHOD'], forms: { METHOD: 'method', URI: 'string', IV: 'hex', KEYFORMAT: 'string' } },
  'EXT-X-MAP': { needed: ['URI'], forms: { URI: 'string', BYTERANGE: 'string' } },
  'EXT-X-PART': {
    needed: ['URI', 'DURATION'],
    forms: { URI: 'string', DURATION: 'float', INDEPENDENT: 'yes', BYTERANGE: 'string', GAP: 'yes' },
  },
  'EXT-X-SKIP': {
    needed: ['SKIPPED-SEGMENTS'],
    forms: { 'SKIPPED-SEGMENTS': 'integer', 'RECENTLY-REMOVED-DATERANGES': 'string' },
  },
  'EXT-X-PRELOAD-HINT': {
    needed: ['TYPE', 'URI'],
    forms: { TYPE: 'hint', URI: 'string', 'BYTERANGE-START': 'integer', 'BYTERANGE-LENGTH': 'integer' },
  },
  'EXT-X-RENDITION-REPORT': {
    needed: ['URI', 'LAST-MSN'],
    forms: { URI: 'string', 'LAST-MSN': 'integer', 'LAST-PART': 'integer' },
  },
  'EXT-X-DATERANGE': {
    needed: ['ID', 'START-DATE'],
    forms: {
      ...{ ID: 'string', CLASS: 'string', 'START-DATE': 'date', CUE: 'cue', 'END-DATE': 'date', DURATION: 'float' },
      ...{ 'PLANNED-DURATION': 'float', 'SCTE35-CMD': 'hex', 'SCTE35-OUT': 'hex', 'SCTE35-IN': 'hex' },
      ...{ 'END-ON-NEXT': 'yes' },
    },
  },
  'EXT-X-MEDIA': {
    needed: ['TYPE', 'GROUP-ID', 'NAME'],
    forms: {
      ...{ TYPE: 'type', URI: 'string', 'GROUP-ID': 'string', LANGUAGE: 'string', 'ASSOC-LANGUAGE': 'string' },
      ...{ NAME: 'string', 'STABLE-RENDITION-ID': 'string', DEFAULT: 'yesNo', AUTOSELECT: 'yesNo', FORCED: 'yesNo' },
      ...{ 'INSTREAM-ID': 'string', 'BIT-DEPTH': 'integer', 'SAMPLE-RATE': 'integer', CHARACTERISTICS: 'string' },
      ...{ CHANNELS: 'string' },
    },
  },
  'EXT-X-STREAM-INF': {
    needed: ['BANDWIDTH'],
    forms: { ...STREAM, AUDIO: 'string', SUBTITLES: 'string', 'CLOSED-CAPTIONS': 'captions' },
  },
  'EXT-X-I-FRAME-STREAM-INF': { needed: ['BANDWIDTH', 'URI'], forms: { ...STREAM, URI: 'string' } },
  'EXT-X-SESSION-DATA': {
    needed: ['DATA-ID'],
    forms: { 'DATA-ID': 'string', VALUE: 'string', URI: 'string', LANGUAGE: 'string' },
  },
};

const TAG_NAMES: ReadonlySet<string> = new Set(Object.keys(TAGS));

/** Whether a tag's value is an attribute list. Asked for every line of every playlist. */
export function hasAttributes(tag: string): boolean {
  return TAG_NAMES.has(tag);
}

/** Attributes that a tag must have. */
export function neededAttributes(tag: string): readonly string[] {
  return TAGS[tag]?.needed ?? [];
}

/** Whether an attribute's value has the form that its tag prescribes. */
export function hasForm(tag: string, attribute: string, raw: string): boolean {
  const form = TAGS[tag]?.forms[attribute];
  return form === undefined || FORMS[form].test(raw);
}
