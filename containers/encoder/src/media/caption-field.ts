/** The captions of CEA-608, as INSTREAM-ID names them (RFC 8216bis 4.4.6.1): two of each field. */
export const FIELD_CHANNELS = [
  ['CC1', 'CC2'],
  ['CC3', 'CC4'],
] as const;
export type FieldChannel = (typeof FIELD_CHANNELS)[number][number];

/** The lowest bytes, without parity, of control codes and of characters. What is below is of XDS (CTA-608-E 8.4 and 9). */
const CONTROL_CODES = 0x10;
const CHARACTERS = 0x20;
const XDS_END = 0x0f;
const PARITY_MASK = 0x7f;
/** The bit of a control code's first byte that says which of the two channels it is for. */
const SECOND_CHANNEL = 0x08;
/** First bytes of the miscellaneous control codes, without the bits of the channel and the field. */
const MISCELLANEOUS = 0x14;
const MISCELLANEOUS_MASK = 0xf6;
/** Second bytes of those after which text is no caption: "text restart" and "resume text display". */
const TEXT_MODES: readonly number[] = [0x2a, 0x2b];
/** Of those after which it is one: resume loading, roll-up of two to four rows, resume direct captioning, end of caption. */
const CAPTION_MODES: readonly number[] = [0x20, 0x25, 0x26, 0x27, 0x29, 0x2f];

/**
 * One field of CEA-608. Its bytes are captions of two channels, text that is none, and, in the second field, data about programmes
 * (XDS). The last control code says whose characters follow.
 */
export class CaptionField {
  readonly #channels: (typeof FIELD_CHANNELS)[number];
  #channel: FieldChannel | null;
  #isText = false;
  #isXds = false;

  /** `first` is the channel of characters before any control code. Null if they may be anything. */
  constructor(channels: (typeof FIELD_CHANNELS)[number], first: FieldChannel | null) {
    this.#channels = channels;
    this.#channel = first;
  }

  /** The channel of which the next two bytes are a caption's characters; null if they are none. */
  read(first: number, second: number): FieldChannel | null {
    const [high, low] = [first & PARITY_MASK, second & PARITY_MASK];
    if (high === 0 && low === 0) return null; // Padding has nothing but the parity bits.
    if (high === 0 || high >= CHARACTERS) return this.#isText || this.#isXds ? null : this.#channel;
    if (high < CONTROL_CODES) this.#isXds = high !== XDS_END;
    else this.#control(high, low);
    return null;
  }

  #control(high: number, low: number): void {
    this.#isXds = false;
    this.#channel = this.#channels[(high & SECOND_CHANNEL) === 0 ? 0 : 1];
    if ((high & MISCELLANEOUS_MASK) !== MISCELLANEOUS) return;
    if (TEXT_MODES.includes(low)) this.#isText = true;
    else if (CAPTION_MODES.includes(low)) this.#isText = false;
  }
}
