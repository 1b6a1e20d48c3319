import type { Page } from '#scripts/api/control-api-client.ts';
import { collectPages, parseLimit } from '#scripts/stream/collect-pages.ts';

/** A list of numbers. Pages have the requested length; every other one is empty. */
function listOf(count: number) {
  const queries: string[] = [];
  const readPage = async (query: URLSearchParams): Promise<Page<number>> => {
    queries.push(String(query));
    const [start = 0, isEmpty = false] = JSON.parse(query.get('cursor') ?? '[]') as [number?, boolean?];
    if (isEmpty) return { entries: [], nextCursor: JSON.stringify([start]) };
    const end = Math.min(count, start + Number(query.get('limit')));
    const entries = Array.from({ length: end - start }, (_, index) => start + index);
    return { entries, nextCursor: end === count ? null : JSON.stringify([end, true]) };
  };
  return { readPage, queries };
}

test.each([
  [0, 5, 0, true],
  [5, 5, 5, true],
  [6, 5, 5, false],
  [100, 100, 100, true],
  [250, 300, 250, true],
  [250, 249, 249, false],
])('a list of %i with a limit of %i gives %i', async (count, limit, expected, isAll) => {
  const { entries, nextCursor } = await collectPages(listOf(count).readPage, limit);
  expect(entries).toEqual(Array.from({ length: expected }, (_, index) => index));
  expect(nextCursor === null).toBe(isAll);
});

test("no requested page is longer than the API's limit or the missing rest", async () => {
  const { readPage, queries } = listOf(1000);
  await collectPages(readPage, 120);
  expect(queries[0]).toBe('limit=100');
  expect(new URLSearchParams(queries.at(-1)).get('limit')).toBe('20');
});

test('gives up on an endless list of empty pages', async () => {
  let pages = 0;
  const { entries, nextCursor } = await collectPages(async () => {
    pages += 1;
    return { entries: [], nextCursor: 'again' };
  });
  expect([entries, nextCursor, pages]).toEqual([[], 'again', 10_000]);
});

test('parses limits', () => {
  expect(parseLimit()).toBe(200);
  expect(parseLimit('1')).toBe(1);
  expect(parseLimit('10000')).toBe(10_000);
});
