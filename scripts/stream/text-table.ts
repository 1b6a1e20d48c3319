/** Two columns wide on terminals: East Asian wide characters, not their halfwidth forms, and emoji (UAX 11). */
const WIDE_PATTERN =
  /^(?![\uff61-\uffdc])[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]|\ufe0f/u;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** A line for each row, with aligned columns of left-adjusted text. What could steer a terminal is left out. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(toPrintable));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell));
  }
  const pad = (cell: string, column: number): string => cell + ' '.repeat((widths[column] ?? 0) - displayWidth(cell));
  return cells.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

/** A text from outside as one line without control and direction characters. */
export const toPrintable = (text: string): string => text.replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029]+/gu, ' ');

function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE_PATTERN.test(segment) ? 2 : 1;
  return width;
}
