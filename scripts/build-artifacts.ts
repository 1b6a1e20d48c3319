import { copyFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPlayer } from './build-player.ts';
import {
  bundleEdgeFunction,
  bundleEncoder,
  bundleLambda,
  EDGE_FUNCTIONS,
  LAMBDA_FUNCTIONS,
  type LambdaFunctionName,
} from './bundle.ts';

const IMAGE_DIR = fileURLToPath(new URL('../containers/encoder', import.meta.url));
/** Files of the image's build context that are not built. */
const IMAGE_FILES = ['Dockerfile', 'packages.lock'];

/** Everything that a deployment uploads. Absolute paths of folders that contain nothing else. */
export interface Artifacts {
  /** The encoder image's build context: Dockerfile, the versions of its packages, and main.mjs. */
  readonly encoderDir: string;
  /** One folder per Lambda function, with its index.mjs. */
  readonly functionDirs: Readonly<Record<LambdaFunctionName, string>>;
  /** The CloudFront Function that checks viewer tokens, with its function.js. */
  readonly viewerTokenDir: string;
  /** The player site's document root. */
  readonly playerDir: string;
}

/**
 * Builds everything that a deployment uploads into separate folders below `outDir`, which are emptied first. The same
 * source produces the same bytes, so that an image or a function only changes when its code does.
 */
export async function buildArtifacts(outDir: string): Promise<Artifacts> {
  const artifacts = artifactsIn(resolve(outDir));
  const { encoderDir, functionDirs, viewerTokenDir, playerDir } = artifacts;
  const folders = [encoderDir, viewerTokenDir, ...Object.values(functionDirs)];
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  await Promise.all([
    buildEncoder(outDir, encoderDir),
    ...LAMBDA_FUNCTIONS.map((name) => bundleLambda(name, outDir)),
    ...EDGE_FUNCTIONS.map((name) => bundleEdgeFunction(name, outDir)),
    buildPlayer(playerDir),
  ]);
  return artifacts;
}

async function buildEncoder(outDir: string, encoderDir: string): Promise<void> {
  await bundleEncoder(outDir);
  for (const name of IMAGE_FILES) await copyFile(join(IMAGE_DIR, name), join(encoderDir, name));
}

function artifactsIn(outDir: string): Artifacts {
  return {
    encoderDir: join(outDir, 'encoder'),
    functionDirs: { 'ingest-auth': join(outDir, 'ingest-auth'), 'control-api': join(outDir, 'control-api') },
    viewerTokenDir: join(outDir, 'viewer-token'),
    playerDir: join(outDir, 'player'),
  };
}
