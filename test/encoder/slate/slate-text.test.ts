import { shownTitle, slateScript } from '#encoder/slate/slate-text.ts';

const SIZE = { width: 1280, height: 720 };

test.each([
  ['Harbour at night', 'Harbour at night'],
  ['Καλημέρα, мир, שלום, مرحبا', 'Καλημέρα, мир, שלום, مرحبا'],
  ['two\r\nlines\tand\u0000more', 'two lines and more'],
  ['{\\b1}bold\\N', 'b1boldN'],
  ['Concert 🎻🇩🇪 tonight', 'Concert tonight'],
  ['e\u0301te\u0301', 'été'],
])('of the title %j, %j is shown', (title, shown) => {
  expect(shownTitle(title)).toBe(shown);
});

test.each([['東京の夜'], ['हिन्दी'], ['🎥'], [' '], ['']])('the title %j is not shown', (title) => {
  expect(shownTitle(title)).toBeNull();
});

test('a long title is cut', () => {
  const shown = shownTitle('word '.repeat(40)) ?? '';
  expect([...shown].length).toBeLessThanOrEqual(100);
  expect(shown.endsWith('d…')).toBe(true);
});

test('the script has one line of text, whatever the title is', () => {
  const script = slateScript('a\nDialogue: 0,0:00:00.00,1:00:00.00,slate,b', 'publisher-away', SIZE);
  expect(script.match(/^Dialogue:/gm)).toHaveLength(1);
  expect(script).toContain('Back in a moment');
  expect(slateScript(null, 'publisher-away', SIZE)).toContain('}Back in a moment\n');
  expect(slateScript('a', 'picture-missing', SIZE)).toContain('}No picture at the moment\n');
});

test('letters grow with the picture, and are smaller where it is narrow', () => {
  const sizeIn = (size: { width: number; height: number }) =>
    Number(/^Style: slate,DejaVu Sans,(\d+),/m.exec(slateScript('a', 'publisher-away', size))?.[1]);
  expect(sizeIn({ width: 640, height: 360 })).toBe(Math.round(sizeIn(SIZE) / 2));
  expect(sizeIn({ width: 720, height: 1280 })).toBeLessThan(sizeIn(SIZE) + 1);
});
