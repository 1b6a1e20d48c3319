import type { PictureSize } from '#encoder/transcode/rendition-plan.ts';

/** Why viewers get a slate. */
export type SlateReason = 'publisher-away' | 'picture-missing';

const WORDS = {
  'publisher-away': 'Back in a moment',
  'picture-missing': 'No picture at the moment',
} as const satisfies Record<SlateReason, string>;

/** A title that is longer is cut. At the size below, this many characters take at most four lines. */
const MAX_TITLE_CHARACTERS = 100;
/** Sizes and margins as shares of the picture's short or long side. */
const TITLE_SHARE = 1 / 13;
const LINE_SHARE = 1 / 20;
const MARGIN_SHARE = 1 / 14;
/** A picture that is narrower than this has smaller letters, so that words fit. */
const WIDTH_PER_SHORT_SIDE = 16 / 9;

/** The scripts whose letters the font has. */
const KNOWN_SCRIPTS =
  /^[\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Armn}\p{sc=Geor}\p{sc=Hebr}\p{sc=Arab}\p{sc=Zyyy}\p{sc=Zinh}]*$/u;

/** Seconds that the picture may be shown for; it is one frame. */
const SHOWN = '0:00:00.00,1:00:00.00';

/**
 * What is written on a picture of this size, in the subtitle format of Advanced SubStation Alpha: the title, if there is one that
 * the font can show, and why it is shown. The renderer wraps lines.
 */
export function slateScript(title: string | null, reason: SlateReason, { width, height }: PictureSize): string {
  const unit = Math.min(width, height, Math.round(width / WIDTH_PER_SHORT_SIDE / 0.7));
  const px = (share: number): number => Math.max(8, Math.round(unit * share));
  const margin = Math.round(width * MARGIN_SHARE);
  const shown = title === null ? null : shownTitle(title);
  const words = WORDS[reason];
  const second = `{\\fs${px(LINE_SHARE)}\\c&HB8B8B8&}${words}`;
  // An empty small line between them keeps them apart.
  const text =
    shown === null ? `{\\fs${px(TITLE_SHARE)}}${words}` : `${shown}\\N{\\fs${px(LINE_SHARE / 2)}} \\N${second}`;
  return [
    '[Script Info]',
    'ScriptType: v4.00+',
    `PlayResX: ${width}`,
    `PlayResY: ${height}`,
    'WrapStyle: 0',
    '',
    '[V4+ Styles]',
    `Format: Name, Fontname, Fontsize, PrimaryColour, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding`,
    `Style: slate,DejaVu Sans,${px(TITLE_SHARE)},&H00FFFFFF,1,0,0,5,${margin},${margin},0,1`,
    '',
    '[Events]',
    'Format: Layer, Start, End, Style, Text',
    `Dialogue: 0,${SHOWN},slate,${text}`,
    '',
  ].join('\n');
}

/**
 * A title as one line of plain text: no control characters, no characters that mean something in the script, and not too long.
 * Null if nothing is left, or if the font lacks its letters: boxes in place of letters are worse than no title.
 */
export function shownTitle(title: string): string | null {
  const plain = title
    .normalize('NFC')
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .replace(/[{}\\]/g, '')
    .replace(/[\p{Extended_Pictographic}\u{1F1E6}-\u{1F1FF}\u{1F3FB}-\u{1F3FF}\uFE0F\u20E3]/gu, '')
    .replace(/ +/g, ' ')
    .trim();
  if (plain === '' || !KNOWN_SCRIPTS.test(plain)) return null;
  const characters = [...plain];
  if (characters.length <= MAX_TITLE_CHARACTERS) return plain;
  return `${characters
    .slice(0, MAX_TITLE_CHARACTERS - 1)
    .join('')
    .trimEnd()}…`;
}
