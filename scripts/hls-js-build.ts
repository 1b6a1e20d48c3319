import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { BuildOptions } from 'esbuild';

const require = createRequire(import.meta.url);
const PACKAGE_FILE = require.resolve('hls.js/package.json');
const SOURCE_DIR = join(dirname(PACKAGE_FILE), 'src');
const { version } = require(PACKAGE_FILE) as { readonly version: string };

/**
 * What hls.js has, by the flags of its own build. Its ready-made builds have all of it, or neither captions nor audio
 * renditions.
 */
const FEATURES = {
  __USE_ALT_AUDIO__: true,
  // Captions, too.
  __USE_SUBTITLES__: true,
  __USE_MEDIA_CAPABILITIES__: true,
  __USE_CMCD__: false,
  __USE_CONTENT_STEERING__: false,
  __USE_EME_DRM__: false,
  __USE_IFRAMES__: false,
  __USE_INTERSTITIALS__: false,
  __USE_M2TS_ADVANCED_CODECS__: false,
  __USE_VARIABLE_SUBSTITUTION__: false,
} as const;

/** Builds hls.js from its source, with the features that the page uses. */
export const HLS_JS_BUILD = {
  alias: {
    'hls.js': join(SOURCE_DIR, 'exports-named.ts'),
    // Only the features that are left out import it.
    '@svta/cml-cmcd': join(SOURCE_DIR, 'empty.js'),
  },
  define: {
    ...Object.fromEntries(Object.entries(FEATURES).map(([name, isIn]) => [name, String(isIn)])),
    __VERSION__: JSON.stringify(version),
    __IN_WORKER__: 'false',
    // The page demuxes without a worker.
    __HLS_WORKER_BUNDLE__: 'null',
  },
} as const satisfies BuildOptions;
