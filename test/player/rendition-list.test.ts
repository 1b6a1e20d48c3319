import { RenditionList, toRenditions } from '#player/rendition-list.ts';

const LEVELS = [
  { width: 640, height: 360, bitrate: 600_000 },
  { width: 1280, height: 720, bitrate: 2_500_000 },
];

test('levels become menu entries in the same order', () => {
  expect(toRenditions(LEVELS)).toEqual([
    { id: '0', width: 640, height: 360, bitrate: 600_000 },
    { id: '1', width: 1280, height: 720, bitrate: 2_500_000 },
  ]);
});

test('audio-only levels make no menu', () => {
  expect(toRenditions([{ width: 0, height: 0, bitrate: 128_000 }])).toEqual([]);
});

test('is array-like and reports new entries and selections', () => {
  const chosen: number[] = [];
  const events: string[] = [];
  const list = new RenditionList((index) => chosen.push(index));
  for (const type of ['addrendition', 'removerendition', 'change']) {
    list.addEventListener(type, () => events.push(type));
  }
  list.replace(toRenditions(LEVELS));
  expect(list.length).toBe(2);
  expect(list[1]?.height).toBe(720);
  expect([...list].map(({ id }) => id)).toEqual(['0', '1']);

  list.selectedIndex = 1;
  expect(chosen).toEqual([1]);
  expect(events).toEqual(['removerendition', 'addrendition', 'change']);
});

test('new entries replace the old ones and reset the selection', () => {
  const list = new RenditionList(() => undefined);
  list.replace(toRenditions(LEVELS));
  list.selectedIndex = 1;
  list.replace(toRenditions(LEVELS.slice(0, 1)));
  expect(list.length).toBe(1);
  expect(list[1]).toBeUndefined();
  expect(list.selectedIndex).toBe(-1);
});
