import { transform, transformSync } from 'esbuild';

const options = (filename) => ({
  loader: filename.endsWith('x') ? 'tsx' : 'ts',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  sourcefile: filename,
});

/** Jest transformer: TypeScript to ES modules with esbuild; types are checked by tsc alone. */
export default {
  process: (source, filename) => transformSync(source, options(filename)),
  processAsync: (source, filename) => transform(source, options(filename)),
};
