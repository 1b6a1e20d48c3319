import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildArtifacts } from './build-artifacts.ts';

/** `npm run build`: builds everything that a deployment uploads into dist/, and its bills of materials. */
const { encoderDir, functionDirs, viewerTokenDir, playerDir, sbomDir } = await buildArtifacts(
  fileURLToPath(new URL('../dist', import.meta.url)),
);
for (const folder of [encoderDir, ...Object.values(functionDirs), viewerTokenDir, playerDir, sbomDir]) {
  process.stdout.write(`built ${relative(process.cwd(), folder)}\n`);
}
