import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildArtifacts } from './build-artifacts.ts';

/** `npm run build`: builds everything that a deployment uploads into dist/. */
const { encoderDir, functionDirs, viewerTokenDir, playerDir } = await buildArtifacts(
  fileURLToPath(new URL('../dist', import.meta.url)),
);
for (const folder of [encoderDir, ...Object.values(functionDirs), viewerTokenDir, playerDir]) {
  process.stdout.write(`built ${relative(process.cwd(), folder)}\n`);
}
