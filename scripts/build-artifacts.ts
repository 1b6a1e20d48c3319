import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Metafile } from 'esbuild';
import { buildSite } from './build-site.ts';
import {
  bundleEdgeFunction,
  bundleEncoder,
  bundleLambda,
  EDGE_FUNCTIONS,
  FONT_PACKAGE,
  LAMBDA_FUNCTIONS,
  type LambdaFunctionName,
} from './bundle.ts';
import { parseBaseImages } from './image/base-images.ts';
import { makeSbom } from './sbom.ts';

const IMAGE_DIR = fileURLToPath(new URL('../containers/encoder', import.meta.url));
/** Files of the image's build context that are not built. */
const IMAGE_FILES = ['Dockerfile', 'packages.lock'];

/** Everything that a deployment uploads. Absolute paths of folders that contain nothing else. */
export interface Artifacts {
  /** The encoder image's build context: Dockerfile, versions of its packages, main.mjs, what its slates need, and its bill of materials. */
  readonly encoderDir: string;
  /** One folder per Lambda function, with its index.mjs. That of the control API also has the watch page. */
  readonly functionDirs: Readonly<Record<LambdaFunctionName, string>>;
  /** The CloudFront Function that checks viewer tokens, with its function.js. */
  readonly viewerTokenDir: string;
  /** The site's document root. */
  readonly siteDir: string;
  /** The bills of materials of the functions and the site, NAME.cdx.json. They are not uploaded. */
  readonly sbomDir: string;
}

/**
 * Builds everything that a deployment uploads into separate folders below `outDir`, which are emptied first. The same
 * source produces the same bytes, so that an image or a function only changes when its code does. `slateImage` is the path of
 * the picture that stands in for streams that wait for their publishers.
 */
export async function buildArtifacts(outDir: string, slateImage: string | null = null): Promise<Artifacts> {
  const artifacts = artifactsIn(resolve(outDir));
  const { encoderDir, functionDirs, viewerTokenDir, siteDir, sbomDir } = artifacts;
  const folders = [encoderDir, viewerTokenDir, sbomDir, ...Object.values(functionDirs)];
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  await mkdir(sbomDir, { recursive: true });
  const addSbom = (name: string, metafile: Metafile): Promise<void> =>
    writeFile(join(sbomDir, `${name}.cdx.json`), makeSbom({ name, metafile }));
  await Promise.all([
    buildEncoder(outDir, encoderDir, slateImage),
    ...LAMBDA_FUNCTIONS.map((name) => bundleLambda(name, outDir).then(({ metafile }) => addSbom(name, metafile))),
    ...EDGE_FUNCTIONS.map((name) => bundleEdgeFunction(name, outDir)),
    buildSite(siteDir).then(({ metafile }) => addSbom('site', metafile)),
  ]);
  await copyFile(join(siteDir, 'watch.html'), join(functionDirs['control-api'], 'watch.html'));
  return artifacts;
}

async function buildEncoder(outDir: string, encoderDir: string, slateImage: string | null): Promise<void> {
  const { metafile } = await bundleEncoder(outDir);
  if (slateImage !== null) await copyFile(resolve(slateImage), join(encoderDir, 'slate', 'image'));
  for (const name of IMAGE_FILES) await copyFile(join(IMAGE_DIR, name), join(encoderDir, name));
  const baseImages = parseBaseImages(await readFile(join(IMAGE_DIR, 'Dockerfile'), 'utf8'));
  await writeFile(
    join(encoderDir, 'sbom.cdx.json'),
    makeSbom({ name: 'encoder', metafile, baseImages, font: FONT_PACKAGE }),
  );
}

function artifactsIn(outDir: string): Artifacts {
  return {
    encoderDir: join(outDir, 'encoder'),
    functionDirs: { 'ingest-auth': join(outDir, 'ingest-auth'), 'control-api': join(outDir, 'control-api') },
    viewerTokenDir: join(outDir, 'viewer-token'),
    siteDir: join(outDir, 'site'),
    sbomDir: join(outDir, 'sbom'),
  };
}
