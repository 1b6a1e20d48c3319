import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPlayer } from '#scripts/build-player.ts';

let outDir: string;

beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'headend-build-'));
});
afterAll(() => rm(outDir, { recursive: true, force: true }));

test('writes exactly the files that it returns, with their sizes, and removes an older build', async () => {
  await writeFile(join(outDir, 'left-over.js'), '');
  const { files } = await buildPlayer(outDir);
  const onDisk = (await readdir(outDir, { recursive: true })).filter((path) => path !== 'player').sort();
  expect(onDisk).toEqual(files.map(({ path }) => path).sort());
  for (const { path, bytes } of files) expect((await stat(join(outDir, path))).size).toBe(bytes);
});

test('index.html refers to the built files by absolute path and has no inline scripts', async () => {
  const { files } = await buildPlayer(outDir);
  const html = await readFile(join(outDir, 'index.html'), 'utf8');
  const references = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, reference]) => reference);
  expect(references.sort()).toEqual(
    files
      .map(({ path }) => `/${path}`)
      .filter((path) => path !== '/index.html')
      .sort(),
  );
  expect(html).not.toMatch(/<script(?![^>]* src=)/);
  expect(html).not.toMatch(/\son\w+=/);
});
