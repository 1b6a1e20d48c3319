import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildArtifacts } from './build-artifacts.ts';
import { makeComposeEnvironment } from './local/compose-environment.ts';

const OUT_DIR = fileURLToPath(new URL('../dist', import.meta.url));

/**
 * `npm run build`: builds into dist/ everything that a deployment uploads and its bills of materials, and makes what
 * compose.yaml needs besides.
 */
const { encoderDir, functionDirs, viewerTokenDir, siteDir, sbomDir } = await buildArtifacts(OUT_DIR);
for (const folder of [encoderDir, ...Object.values(functionDirs), viewerTokenDir, siteDir, sbomDir]) {
  process.stdout.write(`built ${relative(process.cwd(), folder)}\n`);
}
process.stdout.write(`made ${relative(process.cwd(), await makeComposeEnvironment(OUT_DIR, randomBytes))}\n`);
