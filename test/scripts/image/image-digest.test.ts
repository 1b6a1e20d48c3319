import { fetchImageDigest } from '#scripts/image/image-digest.ts';
import type { ListeningServer } from '#scripts/local/http-server.ts';
import { digestOf, imageIndex, type StoredIndex, startRegistry } from './registry.ts';

const DEBIAN = { name: 'debian', tag: 'trixie-slim' };
const indexes = new Map<string, StoredIndex>();
let registry: ListeningServer;

beforeEach(async () => {
  registry = await startRegistry(indexes);
});
afterEach(async () => {
  indexes.clear();
  await registry.close();
});

const fetchDigest = (image = DEBIAN) => fetchImageDigest(image, registry.url);

test('the digest of a tag is that of the list of its platforms, got with a token that anybody may have', async () => {
  const index = imageIndex('now');
  indexes.set('library/debian:trixie-slim', index);
  indexes.set('somebody/node:24', imageIndex('another'));
  expect(await fetchDigest()).toBe(digestOf(index));
  expect(await fetchDigest({ name: 'somebody/node', tag: '24' })).not.toBe(digestOf(index));
});

test.each([
  ['a tag that is not there', undefined, / answers 404$/],
  [
    'an image for one platform',
    { ...imageIndex('one'), type: 'application/vnd.oci.image.manifest.v1+json' },
    /not a list/,
  ],
  ['a list without ARM', imageIndex('amd', ['amd64']), / is not for linux\/arm64$/],
  [
    'a digest that is not the answer’s',
    { ...imageIndex('x'), claimedDigest: `sha256:${'0'.repeat(64)}` },
    /not sha256:0+ /,
  ],
  ['an answer that is no list', { ...imageIndex('x'), body: '[]' }, /something else than expected$/],
  [
    'an answer that does not end',
    { ...imageIndex('x'), body: ' '.repeat(1024 * 1024 + 1) },
    /more than 1048576 bytes$/,
  ],
])('%s is an error that says so', async (_case, index: StoredIndex | undefined, message) => {
  if (index !== undefined) indexes.set('library/debian:trixie-slim', index);
  await expect(fetchDigest()).rejects.toThrow(message);
});

test('a registry that does not answer is named', async () => {
  const { url } = registry;
  await registry.close();
  await expect(fetchImageDigest(DEBIAN, url)).rejects.toThrow(
    `${url}/v2/library/debian/manifests/trixie-slim does not answer`,
  );
  registry = await startRegistry(indexes);
});
