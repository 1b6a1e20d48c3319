import { actionOf, KEY_BINDINGS } from '#site/watch/keyboard.ts';

const key = (value: string, changes = {}) => ({
  ...{ key: value, altKey: false, ctrlKey: false, metaKey: false, isComposing: false, defaultPrevented: false },
  ...changes,
});

/** An element that one selector of a list matches. */
const focusOn = (own: string) => ({ matches: (selectors: string) => selectors.split(', ').includes(own) });

test('keys work wherever the focus is', () => {
  expect(actionOf(key(' '), null)).toBe('toggle-play');
  expect(actionOf(key('K'), focusOn('body'))).toBe('toggle-play');
  expect(actionOf(key('m'), focusOn('button'))).toBe('toggle-mute');
  expect(actionOf(key('ArrowUp'), focusOn('[role="button"]'))).toBe('volume-up');
  expect(actionOf(key('?'), null)).toBe('show-keys');
  expect(actionOf(key('x'), null)).toBeNull();
});

test('a control keeps the keys that it uses itself', () => {
  expect(actionOf(key(' '), focusOn('[role="button"]'))).toBeNull();
  expect(actionOf(key('ArrowUp'), focusOn('input[type="range"]'))).toBeNull();
  expect(actionOf(key('End'), focusOn('[role="slider"]'))).toBeNull();
  expect(actionOf(key('m'), focusOn('textarea'))).toBeNull();
  expect(actionOf(key('ArrowDown'), focusOn('[role^="menu"]'))).toBeNull();
});

test.each(['altKey', 'ctrlKey', 'metaKey', 'isComposing', 'defaultPrevented'])('%s leaves keys alone', (flag) => {
  expect(actionOf(key('f', { [flag]: true }), null)).toBeNull();
});

test('each key does one thing', () => {
  const keys = KEY_BINDINGS.flatMap((binding) => binding.keys);
  expect(new Set(keys).size).toBe(keys.length);
});
