import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Artifacts, buildArtifacts } from '#scripts/build-artifacts.ts';

const ROOT = process.cwd();
let parent: string;
let outDir: string;
let artifacts: Artifacts;

/** The hashes of all files below a folder, by path. */
async function filesIn(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const hashed = files.sort().map(async (path) => {
    const hash = createHash('sha256').update(await readFile(path));
    return [path.slice(folder.length + 1), hash.digest('hex')];
  });
  return Object.fromEntries(await Promise.all(hashed));
}

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'headend-artifacts-'));
  outDir = join(parent, 'dist');
  await mkdir(join(outDir, 'encoder'), { recursive: true });
  await writeFile(join(outDir, 'encoder', 'left-over.txt'), '');
  artifacts = await buildArtifacts(outDir);
});
afterAll(() => rm(parent, { recursive: true, force: true }));

test('each folder contains what is uploaded, and nothing else', async () => {
  expect(artifacts).toEqual({
    encoderDir: join(outDir, 'encoder'),
    functionDirs: { 'ingest-auth': join(outDir, 'ingest-auth'), 'control-api': join(outDir, 'control-api') },
    viewerTokenDir: join(outDir, 'viewer-token'),
    siteDir: join(outDir, 'site'),
    sbomDir: join(outDir, 'sbom'),
  });
  expect(Object.keys(await filesIn(artifacts.encoderDir))).toEqual([
    'Dockerfile',
    'main.mjs',
    'packages.lock',
    'sbom.cdx.json',
    'slate/font-licence.txt',
    'slate/fonts/DejaVuSans.ttf',
  ]);
  const functionFiles = await Promise.all(Object.values(artifacts.functionDirs).map(filesIn));
  // The control API makes the watch pages.
  expect(functionFiles.map((files) => Object.keys(files))).toEqual([['index.mjs'], ['index.mjs', 'watch.html']]);
  expect(Object.keys(await filesIn(artifacts.viewerTokenDir))).toEqual(['function.js']);
  const siteFiles = Object.keys(await filesIn(artifacts.siteDir));
  // The order of the hashes means nothing.
  expect(siteFiles.map((name) => name.replace(/-[A-Z0-9]{8}\./, '-HASH.')).toSorted()).toEqual([
    'assets/icon.svg',
    'assets/studio-HASH.css',
    'assets/studio-HASH.js',
    'assets/watch-HASH.css',
    'assets/watch-HASH.js',
    'assets/watch-early-HASH.js',
    'assets/watch-elements-HASH.js',
    'studio.html',
    'watch.html',
  ]);
});

test('another build produces the same bytes, whatever its working directory and output folder', async () => {
  const elsewhere = await mkdtemp(join(parent, 'elsewhere-'));
  process.chdir(elsewhere);
  try {
    await buildArtifacts(join('some', 'where'));
  } finally {
    process.chdir(ROOT);
  }
  expect(await filesIn(join(elsewhere, 'some', 'where'))).toEqual(await filesIn(outDir));
});
