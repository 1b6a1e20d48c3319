/** Characters two columns wide: East Asian wide characters (but not the halfwidth forms) and emoji (UAX 11). */
const WIDE_PATTERN =
  /^(?![\uff61-\uffdc])[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]|\ufe0f/u;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

export interface TextTableOptions {
  /** Whether a column, counted from 0, is aligned to the right. @default none is */
  readonly isRightAligned?: (column: number) => boolean;
}

/**
 * Formats rows as lines with aligned columns. Characters that could control the terminal are removed from the cells.
 */
export function formatTable(rows: readonly (readonly string[])[], options: TextTableOptions = {}): string {
  const { isRightAligned = () => false } = options;
  const cells = rows.map((row) => row.map(toPrintable));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell));
  }
  const pad = (cell: string, column: number): string => {
    const padding = ' '.repeat((widths[column] ?? 0) - displayWidth(cell));
    return isRightAligned(column) ? padding + cell : cell + padding;
  };
  return cells.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

/** Turns untrusted text into one line without control and direction characters. */
export const toPrintable = (text: string): string => text.replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029]+/gu, ' ');

/** Indents every line by two spaces. */
export const indent = (text: string): string => text.replace(/^/gm, '  ');

function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE_PATTERN.test(segment) ? 2 : 1;
  return width;
}
