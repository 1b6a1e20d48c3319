import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildSite } from '#scripts/build-site.ts';

/** What a viewer loads before the first picture, in bytes after gzip. */
const MAX_SCRIPT_BYTES = 190_000;

let outDir: string;

beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'headend-build-'));
});
afterAll(() => rm(outDir, { recursive: true, force: true }));

test('writes exactly the files that it returns, with their sizes, and removes an older build', async () => {
  await writeFile(join(outDir, 'left-over.js'), '');
  const { files } = await buildSite(outDir);
  const onDisk = (await readdir(outDir, { recursive: true })).filter((path) => path !== 'assets').sort();
  expect(onDisk).toEqual(files.map(({ path }) => path).sort());
  for (const { path, bytes } of files) expect((await stat(join(outDir, path))).size).toBe(bytes);
});

test('watch.html refers to the built files by absolute path and has no inline scripts', async () => {
  const { files } = await buildSite(outDir);
  const html = await readFile(join(outDir, 'watch.html'), 'utf8');
  const references = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, reference]) => reference);
  expect(references.sort()).toEqual(
    files
      .map(({ path }) => `/${path}`)
      .filter((path) => path !== '/watch.html')
      .sort(),
  );
  expect(html).not.toMatch(/<script(?![^>]* src=)/);
  expect(html).not.toMatch(/\son\w+=/);
});

test('the script of the page is small, and has what the page uses of hls.js', async () => {
  const { files, metafile } = await buildSite(outDir);
  const scripts = files.filter(({ path }) => path.endsWith('.js'));
  const bodies = await Promise.all(scripts.map(({ path }) => readFile(join(outDir, path))));
  expect(bodies.reduce((bytes, body) => bytes + gzipSync(body).length, 0)).toBeLessThanOrEqual(MAX_SCRIPT_BYTES);
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
  const controllers = inputs.flatMap((path) => /hls\.js\/src\/controller\/(.*)-controller\.ts$/.exec(path)?.[1] ?? []);
  expect(controllers).toEqual(expect.arrayContaining(['audio-stream', 'audio-track', 'timeline', 'latency']));
  expect(controllers).not.toEqual(expect.arrayContaining(['eme']));
});
