import { randomBytes } from 'node:crypto';
import type { SlateImage } from '#domain/slate-images.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { createSlateImageStore, type SlateImageStore } from '#runtime/slate-image-store.ts';

const NOW_MS = Date.parse('2026-01-02T03:04:05.678Z');

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let store: SlateImageStore;

beforeEach(async () => {
  database = await startTemporaryDynamoDb();
  store = createSlateImageStore({ client: database.client, tables: TEST_TABLES });
});
afterEach(() => database.close());

const at = (version: number) => ({ streamId: 'stream-1', version });
const imageOf = (bytes: number): SlateImage => ({ type: 'image/png', data: randomBytes(bytes) });
async function get(): Promise<SlateImage | null> {
  const image = await store.get('stream-1');
  return image && { ...image, data: Buffer.from(image.data) };
}

test('the largest picture is stored until there is another one, or none', async () => {
  expect(await get()).toBeNull();
  const [first, second] = [imageOf(300_000), { ...imageOf(10), type: 'image/jpeg' as const }];
  await store.put(at(2), first);
  expect(await get()).toEqual(first);
  await store.put(at(3), second);
  expect(await get()).toEqual(second);
  expect(await store.get('stream-2')).toBeNull();
  await store.remove(at(4), NOW_MS);
  expect(await get()).toBeNull();
});

test('of two changes, that of the later version counts, whichever arrives last', async () => {
  const [older, newer] = [imageOf(10), imageOf(10)];
  await store.put(at(3), newer);
  await store.put(at(2), older);
  await store.remove(at(2), NOW_MS);
  expect(await get()).toEqual(newer);
  await store.remove(at(4), NOW_MS);
  await store.put(at(3), newer);
  expect(await get()).toBeNull();
});

test('a change that was interrupted can be repeated', async () => {
  const image = imageOf(10);
  await store.put(at(2), image);
  await store.put(at(2), image);
  expect(await get()).toEqual(image);
});
