import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunInImage } from '#scripts/image/package-lock.ts';
import { refreshImage } from '#scripts/image/refresh-image.ts';
import type { ListeningServer } from '#scripts/local/http-server.ts';
import { digestOf, imageIndex, type StoredIndex, startRegistry } from './registry.ts';

const DOCKERFILE = fileURLToPath(new URL('../../../containers/encoder/Dockerfile', import.meta.url));
/** What apt 3.0 prints, shortened. */
const APT_OUTPUT = `Reading package lists...
Inst libssl3t64 [3.5.1-1] (3.5.1-1+deb13u1 Debian-Security:13/stable-security [arm64])
Conf libssl3t64 (3.5.1-1+deb13u1 Debian-Security:13/stable-security [arm64])
The following NEW packages will be installed:
  ffmpeg libavcodec61 libdav1d7
Inst libdav1d7 (1.5.1-1+b1 Debian:13.7/stable [arm64])
Inst libavcodec61 (7:7.1.3-0+deb13u1 Debian:13.7/stable [arm64])
Inst ffmpeg (7:7.1.3-0+deb13u1 Debian:13.7/stable [arm64]) []
Conf ffmpeg (7:7.1.3-0+deb13u1 Debian:13.7/stable [arm64])
`;
const LOCK = `ffmpeg 7:7.1.3-0+deb13u1
libavcodec61 7:7.1.3-0+deb13u1
libdav1d7 1.5.1-1
libssl3t64 3.5.1-1+deb13u1
`;

let imageDir: string;
let registry: ListeningServer;
const node = imageIndex('node');
const debian = imageIndex('debian');
const indexes = new Map<string, StoredIndex>();

beforeEach(async () => {
  imageDir = await mkdtemp(join(tmpdir(), 'headend-image-'));
  await writeFile(join(imageDir, 'Dockerfile'), await readFile(DOCKERFILE));
  await writeFile(join(imageDir, 'packages.lock'), '');
  indexes.set('library/node:24-trixie-slim', node).set('library/debian:trixie-slim', debian);
  registry = await startRegistry(indexes);
});
afterEach(async () => {
  await registry.close();
  await rm(imageDir, { recursive: true });
});

const refresh = (run: RunInImage = async () => APT_OUTPUT) =>
  refreshImage({ imageDir, registryUrl: registry.url, run });
const read = (name: string): Promise<string> => readFile(join(imageDir, name), 'utf8');

test('the Dockerfile gets the digests of now, and the lock the versions that apt in the new base image would install', async () => {
  const runs: [string, string][] = [];
  const former = await read('Dockerfile');
  const changes = await refresh(async (...run) => {
    runs.push(run);
    return APT_OUTPUT;
  });
  const withoutDigests = (text: string): string => text.replace(/sha256:[0-9a-f]{64}/g, '');
  const dockerfile = await read('Dockerfile');
  expect(withoutDigests(dockerfile)).toBe(withoutDigests(former));
  expect(dockerfile).toContain(`FROM node:24-trixie-slim@${digestOf(node)} AS node\n`);
  expect(dockerfile).toContain(`FROM debian:trixie-slim@${digestOf(debian)} AS base\n`);
  expect(runs).toEqual([
    [`debian:trixie-slim@${digestOf(debian)}`, expect.stringContaining(`'ffmpeg=7:7.1.*' libatomic1`)],
  ]);
  expect(await read('packages.lock')).toBe(LOCK);
  expect(changes).toContainEqual(
    expect.stringMatching(new RegExp(`^debian:trixie-slim: sha256:.* -> ${digestOf(debian)}$`)),
  );
  expect(changes).toContain('libdav1d7: none -> 1.5.1-1');
});

test('a second refresh finds nothing newer, also when one architecture got another build', async () => {
  await refresh();
  const [dockerfile, lock] = [await read('Dockerfile'), await read('packages.lock')];
  expect(await refresh(async () => APT_OUTPUT.replaceAll('1.5.1-1+b1', '1.5.1-1+b2'))).toEqual([]);
  expect([await read('Dockerfile'), await read('packages.lock')]).toEqual([dockerfile, lock]);
});

test('a security update of one package changes the lock, and is named', async () => {
  await refresh();
  const fixed = APT_OUTPUT.replaceAll('7:7.1.3-0+deb13u1', '7:7.1.3-0+deb13u2');
  expect(await refresh(async () => fixed)).toEqual([
    'ffmpeg: 7:7.1.3-0+deb13u1 -> 7:7.1.3-0+deb13u2',
    'libavcodec61: 7:7.1.3-0+deb13u1 -> 7:7.1.3-0+deb13u2',
  ]);
});

test.each([
  [
    'a registry without the image',
    async () => void indexes.delete('library/node:24-trixie-slim'),
    undefined,
    / answers 404$/,
  ],
  [
    'an apt that does not know FFmpeg',
    async () => undefined,
    async () => 'Reading package lists...\n',
    /would not install FFmpeg/,
  ],
])('%s leaves everything as it was', async (_case, prepare, run, message) => {
  await prepare();
  const former = await read('Dockerfile');
  await expect(refresh(run)).rejects.toThrow(message);
  expect([await read('Dockerfile'), await read('packages.lock')]).toEqual([former, '']);
});
