import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, posix, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { HLS_JS_BUILD } from './hls-js-build.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCE_DIR = join(ROOT, 'lib/player');
/** Folder and URL path of everything except index.html. */
const ASSET_DIR = 'player';
/** The files to which index.html refers, by the name of the entry point. */
const ENTRY_POINTS = { early: 'early.ts', elements: 'elements.ts', main: 'main.ts', style: 'style.css' } as const;
const BROWSERS = ['chrome100', 'firefox100', 'safari15.4'];

/** A built file. `path` is its URL path without the leading slash, and also its path below the output folder. */
export interface PlayerFile {
  readonly path: string;
  readonly bytes: number;
}

/** The built site. */
export interface PlayerBuild {
  readonly files: readonly PlayerFile[];
  /** esbuild's record of what is in them. */
  readonly metafile: Metafile;
}

/**
 * Builds the watch and embed page into `outDir`, which is emptied first. The folder is the document root: `index.html`
 * is the page at `/watch/{playbackId}` and `/embed/{playbackId}`, everything else is under `player/`. Files with a hash
 * in their name may be cached for ever; `index.html` and `player/icon.svg` may not.
 */
export async function buildPlayer(outDir: string): Promise<PlayerBuild> {
  await rm(outDir, { recursive: true, force: true });
  await mkdir(join(outDir, ASSET_DIR), { recursive: true });
  const result = await build({
    // The hashes must not depend on the working directory.
    absWorkingDir: ROOT,
    entryPoints: Object.entries(ENTRY_POINTS).map(([out, file]) => ({ in: join(SOURCE_DIR, file), out })),
    outdir: resolve(outDir, ASSET_DIR),
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    ...HLS_JS_BUILD,
    target: BROWSERS,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  const assets = Object.entries(result.metafile.outputs).map(([path, { bytes }]) => ({
    path: relative(outDir, join(ROOT, path)).split(sep).join(posix.sep),
    bytes,
  }));
  const icon = await readFile(join(SOURCE_DIR, 'icon.svg'), 'utf8');
  const html = await indexHtml(assets);
  const texts = [await writeText(outDir, 'index.html', html), await writeText(outDir, `${ASSET_DIR}/icon.svg`, icon)];
  return { files: [...texts, ...assets], metafile: result.metafile };
}

async function writeText(outDir: string, path: string, text: string): Promise<PlayerFile> {
  await writeFile(join(outDir, path), text);
  return { path, bytes: Buffer.byteLength(text) };
}

/** Returns index.html with hashed names in place of the plain ones. */
async function indexHtml(assets: readonly PlayerFile[]): Promise<string> {
  let html = await readFile(join(SOURCE_DIR, 'index.html'), 'utf8');
  for (const name of Object.keys(ENTRY_POINTS)) {
    const asset = assets.find(({ path }) => path.startsWith(`${ASSET_DIR}/${name}-`));
    if (asset === undefined) throw new Error(`esbuild made no ${name} asset`);
    html = html.replace(new RegExp(`/${ASSET_DIR}/${name}\\.(js|css)`), `/${asset.path}`);
  }
  return html;
}
