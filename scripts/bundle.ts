import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** CommonJS packages inside the ES module use `require` for Node.js's own modules. */
const REQUIRE_BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const NODE_BUNDLE: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  banner: { js: REQUIRE_BANNER },
  // Not minified: readable stack traces in log lines are worth more than the bytes.
  metafile: true,
  logLevel: 'warning',
};

/** A bundle on disk and esbuild's list of its inputs. */
export interface Bundle {
  readonly path: string;
  readonly metafile: Metafile;
}

/** The npm package of the font that slates are written in. */
export const FONT_PACKAGE = 'node_modules/dejavu-fonts-ttf';

/** Bundles the encoder container's program into `outDir`/encoder/main.mjs, with the font of its slates and its licence beside it. */
export async function bundleEncoder(outDir: string): Promise<Bundle> {
  const slateDir = join(outDir, 'encoder', 'slate');
  await mkdir(join(slateDir, 'fonts'), { recursive: true });
  // Written rather than copied: a copy would have the mode of npm's file, and not what this process gives to its own.
  for (const [from, to] of [
    ['ttf/DejaVuSans.ttf', 'fonts/DejaVuSans.ttf'],
    ['LICENSE', 'font-licence.txt'],
  ] as const)
    await writeFile(join(slateDir, to), await readFile(join(ROOT, FONT_PACKAGE, from)));
  return bundle('containers/encoder/src/main.ts', join(outDir, 'encoder', 'main.mjs'), {});
}

/** The Lambda functions, by the name of their folder. */
export const LAMBDA_FUNCTIONS = ['ingest-auth', 'control-api'] as const;
export type LambdaFunctionName = (typeof LAMBDA_FUNCTIONS)[number];

/** A cold start reads the whole file, so it should be small. Names stay readable here too. */
const SMALL: BuildOptions = { minifyWhitespace: true, minifySyntax: true };

/** Bundles a Lambda function into `outDir`/NAME/index.mjs, without the AWS SDK, which the runtime provides. */
export function bundleLambda(name: LambdaFunctionName, outDir: string): Promise<Bundle> {
  return bundle(`lib/functions/${name}/handler.ts`, join(outDir, name, 'index.mjs'), {
    ...SMALL,
    external: ['@aws-sdk/*', '@smithy/*'],
  });
}

/** The CloudFront Functions, by the name of their folder. */
export const EDGE_FUNCTIONS = ['viewer-token'] as const;

/** CloudFront's limit ("Quotas on CloudFront Functions"). */
const EDGE_FUNCTION_LIMIT_BYTES = 10_240;

/**
 * CloudFront Functions run ECMAScript 5.1 with a few later features ("JavaScript runtime 2.0 features"). The build
 * fails on syntax that esbuild cannot convert to that, such as destructuring or `for ... of`.
 */
const EDGE_BUNDLE: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'neutral',
  format: 'esm',
  target: 'es5',
  supported: { 'const-and-let': true, arrow: true, 'template-literal': true, 'async-await': true },
  external: ['cloudfront', 'crypto'],
  write: false,
  metafile: true,
  logLevel: 'warning',
};
const EXPORTED_HANDLER = /^export \{\n {2}handler\n\};\n/m;

/** Bundles a CloudFront Function into `outDir`/NAME/function.js, which defines `handler` and exports nothing. */
export async function bundleEdgeFunction(name: (typeof EDGE_FUNCTIONS)[number], outDir: string): Promise<Bundle> {
  const path = join(outDir, name, 'function.js');
  const entryPoint = `lib/functions/${name}/function.ts`;
  const { metafile, outputFiles } = await build({ ...EDGE_BUNDLE, entryPoints: [entryPoint] });
  const code = outputFiles?.[0]?.text ?? '';
  if (metafile === undefined || !EXPORTED_HANDLER.test(code)) throw new Error(`${entryPoint} must export only handler`);
  const bytes = Buffer.from(code.replace(EXPORTED_HANDLER, ''));
  if (bytes.length > EDGE_FUNCTION_LIMIT_BYTES) {
    throw new Error(`${entryPoint} has ${bytes.length} bytes; CloudFront allows ${EDGE_FUNCTION_LIMIT_BYTES}`);
  }
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  return { path, metafile };
}

async function bundle(entryPoint: string, outPath: string, options: BuildOptions): Promise<Bundle> {
  const outfile = resolve(outPath);
  const { metafile } = await build({ ...NODE_BUNDLE, ...options, entryPoints: [entryPoint], outfile });
  if (metafile === undefined) throw new Error(`esbuild made no metafile for ${entryPoint}`);
  return { path: outfile, metafile };
}
