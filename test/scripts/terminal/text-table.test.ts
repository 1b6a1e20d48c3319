import { formatTable } from '#scripts/terminal/text-table.ts';

test('columns are as wide as their widest cell, without trailing spaces', () => {
  expect(
    formatTable([
      ['a', 'b', 'c'],
      ['long', '', 'x'],
      ['', 'wide', ''],
    ]),
  ).toBe('a     b     c\nlong        x\n      wide');
});

test.each([
  ['wide characters', '日本', 4],
  ['half-width ones', 'ﾃｽﾄ', 3],
  ['a flag', '🇯🇵', 2],
  ['an emoji of several code points', '👩‍🚀', 2],
  ['a letter with a combining mark', 'e\u0301', 1],
  ['plain text', 'abc', 3],
])('%s have the width that terminals give them', (_case, text, width) => {
  const [, line = ''] = formatTable([
    ['123456', '|'],
    [text, '|'],
  ]).split('\n');
  expect(line).toBe(`${text}${' '.repeat(6 - width)}  |`);
});

test.each([
  ['an escape sequence', '\u001b[31mred', ' [31mred'],
  ['a line feed', 'a\r\nb', 'a b'],
  ['C1 controls', 'a\u009bb', 'a b'],
  ['direction overrides', 'a\u202eb', 'a b'],
  ['a line separator', 'a\u2028b', 'a b'],
])('%s does not control the terminal', (_case, text, shown) => {
  expect(formatTable([[text, '|']])).toBe(`${shown}  |`);
});
