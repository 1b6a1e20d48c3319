import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, posix, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { HLS_JS_BUILD } from './hls-js-build.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCE_DIR = join(ROOT, 'lib/site');
/** Folder and URL path of everything except the pages. */
const ASSET_DIR = 'assets';
const ICON = 'icon.svg';
/** The pages, by the path of their built file. Each names the assets that it loads as `/assets/NAME.js` and `/assets/NAME.css`. */
const PAGES = { 'watch.html': 'watch/page.html', 'studio.html': 'studio/page.html' } as const;
/** The assets, which get a hash in their names. */
const ENTRY_POINTS = [
  { out: 'watch-early', in: 'watch/early.ts' },
  { out: 'watch-elements', in: 'watch/elements.ts' },
  { out: 'watch', in: 'watch/main.ts' },
  { out: 'watch', in: 'watch/style.css' },
  { out: 'studio', in: 'studio/main.tsx' },
  { out: 'studio', in: 'studio/style.css' },
] as const;
const BROWSERS = ['chrome100', 'firefox100', 'safari15.4'];

/** A built file. `path` is its URL path without the leading slash, and also its path below the output folder. */
export interface SiteFile {
  readonly path: string;
  readonly bytes: number;
}

/** The built site. */
export interface SiteBuild {
  readonly files: readonly SiteFile[];
  /** esbuild's record of what is in them. */
  readonly metafile: Metafile;
}

/**
 * Builds the site into `outDir`, which is emptied first. The folder is the document root: `watch.html` is the page at
 * `/watch/{playbackId}` and `/embed/{playbackId}`, `studio.html` that at `/studio/`, and everything but pages is under `assets/`. Files with a hash in their name
 * may be cached for ever; pages and the icon may not.
 */
export async function buildSite(outDir: string): Promise<SiteBuild> {
  await rm(outDir, { recursive: true, force: true });
  await mkdir(join(outDir, ASSET_DIR), { recursive: true });
  const result = await build({
    // The hashes must not depend on the working directory.
    absWorkingDir: ROOT,
    entryPoints: ENTRY_POINTS.map((entry) => ({ out: entry.out, in: join(SOURCE_DIR, entry.in) })),
    outdir: resolve(outDir, ASSET_DIR),
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    ...HLS_JS_BUILD,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    target: BROWSERS,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  const assets = Object.entries(result.metafile.outputs).map(([path, { bytes, entryPoint = '' }]) => ({
    source: relative('lib/site', entryPoint),
    path: relative(outDir, join(ROOT, path)).split(sep).join(posix.sep),
    bytes,
  }));
  const texts = new Map([[`${ASSET_DIR}/${ICON}`, await readSource(ICON)]]);
  for (const [path, source] of Object.entries(PAGES)) texts.set(path, withHashes(await readSource(source), assets));
  for (const [path, text] of texts) await writeFile(join(outDir, path), text);
  return {
    files: [
      ...[...texts].map(([path, text]) => ({ path, bytes: Buffer.byteLength(text) })),
      ...assets.map(({ path, bytes }) => ({ path, bytes })),
    ],
    metafile: result.metafile,
  };
}

const readSource = (path: string): Promise<string> => readFile(join(SOURCE_DIR, path), 'utf8');

/** Returns a page with hashed names in place of the plain ones. Throws for an asset that was not built. */
function withHashes(html: string, assets: readonly { readonly source: string; readonly path: string }[]): string {
  return html.replace(new RegExp(`/${ASSET_DIR}/([a-z-]+)\\.(js|css)`, 'g'), (name, out: string, type: string) => {
    const entry = ENTRY_POINTS.find((each) => each.out === out && each.in.endsWith('.css') === (type === 'css'));
    const asset = assets.find(({ source }) => source === entry?.in);
    if (asset === undefined) throw new Error(`a page names ${name}, which is no asset`);
    return `/${asset.path}`;
  });
}
