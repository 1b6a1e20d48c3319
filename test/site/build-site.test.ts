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

const PAGES = ['watch.html', 'studio.html'];
/** What each page loads before anybody does anything, in bytes after gzip. */
const MAX_PAGE_BYTES = 250_000;

async function referencesOf(page: string): Promise<string[]> {
  const html = await readFile(join(outDir, page), 'utf8');
  return [...html.matchAll(/(?:src|href)="([^"]+)"/g)].flatMap(([, reference]) => reference ?? []);
}

test('pages name the built files by absolute path, each file is of a page, and no page has inline scripts or styles', async () => {
  const { files } = await buildSite(outDir);
  const named = await Promise.all(PAGES.map(referencesOf));
  const assets = files.map(({ path }) => `/${path}`).filter((path) => !path.endsWith('.html'));
  expect([...new Set(named.flat())].sort()).toEqual(assets.sort());
  for (const page of PAGES) {
    const html = await readFile(join(outDir, page), 'utf8');
    expect(html).not.toMatch(/<script(?![^>]* src=)/);
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/);
  }
});

test.each(PAGES)('%s with all that it loads at once is light', async (page) => {
  await buildSite(outDir);
  const paths = [page, ...(await referencesOf(page))];
  const bodies = await Promise.all(paths.map((path) => readFile(join(outDir, path))));
  expect(bodies.reduce((bytes, body) => bytes + gzipSync(body).length, 0)).toBeLessThanOrEqual(MAX_PAGE_BYTES);
});

test('the script of the watch page is small, and has what the page uses of hls.js', async () => {
  const { files, metafile } = await buildSite(outDir);
  const scripts = files.filter(({ path }) => /watch.*\.js$/.test(path));
  const bodies = await Promise.all(scripts.map(({ path }) => readFile(join(outDir, path))));
  expect(bodies.reduce((bytes, body) => bytes + gzipSync(body).length, 0)).toBeLessThanOrEqual(MAX_SCRIPT_BYTES);
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
  const controllers = inputs.flatMap((path) => /hls\.js\/src\/controller\/(.*)-controller\.ts$/.exec(path)?.[1] ?? []);
  expect(controllers).toEqual(expect.arrayContaining(['audio-stream', 'audio-track', 'timeline', 'latency']));
  expect(controllers).not.toEqual(expect.arrayContaining(['eme']));
});
