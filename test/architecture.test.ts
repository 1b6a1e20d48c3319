import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { bundleEdgeFunction, bundleEncoder, bundleLambda, EDGE_FUNCTIONS, LAMBDA_FUNCTIONS } from '#scripts/bundle.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCE_FOLDERS = ['bin', 'lib', 'containers', 'scripts'];

interface Layer {
  /** Files below this folder. */
  readonly folder: string;
  /** Folders that they may import from, besides their own. */
  readonly mayImport: readonly string[];
}

/** The first layer that a file lies in is its own. */
const LAYERS: readonly Layer[] = [
  { folder: 'lib/domain', mayImport: [] },
  { folder: 'lib/config', mayImport: ['lib/domain'] },
  { folder: 'lib/runtime', mayImport: ['lib/domain'] },
  { folder: 'lib/functions/ingest-auth', mayImport: ['lib/domain', 'lib/runtime'] },
  { folder: 'lib/functions/control-api', mayImport: ['lib/domain', 'lib/runtime'] },
  { folder: 'lib/functions/viewer-token', mayImport: ['lib/domain'] },
  // It calls the control API, and shares the shapes of its answers.
  { folder: 'lib/site/studio', mayImport: ['lib/domain', 'lib/functions/control-api', 'lib/site/ui', 'lib/site/text'] },
  { folder: 'lib/site', mayImport: ['lib/domain'] },
  { folder: 'lib/constructs', mayImport: ['lib/domain', 'lib/config'] },
  { folder: 'lib/stacks', mayImport: ['lib/domain', 'lib/config', 'lib/constructs'] },
  { folder: 'containers/encoder/src/media', mayImport: ['lib/domain'] },
  { folder: 'containers/encoder/src/guard', mayImport: ['lib/domain'] },
  {
    folder: 'containers/encoder/src/rtmp',
    mayImport: ['lib/domain', ...['media', 'guard'].map((name) => `containers/encoder/src/${name}`)],
  },
  { folder: 'containers/encoder/src/transcode', mayImport: ['lib/domain', 'containers/encoder/src/media'] },
  { folder: 'containers/encoder/src/package', mayImport: ['lib/domain', 'containers/encoder/src/media'] },
  { folder: 'containers/encoder/src/origin', mayImport: ['lib/domain', 'containers/encoder/src/package'] },
  {
    folder: 'containers/encoder/src/slate',
    mayImport: ['lib/domain', ...['media', 'transcode', 'package'].map((name) => `containers/encoder/src/${name}`)],
  },
  {
    folder: 'containers/encoder/src/streams',
    mayImport: [
      'lib/domain',
      'lib/runtime',
      ...['media', 'rtmp', 'transcode', 'package', 'slate'].map((name) => `containers/encoder/src/${name}`),
    ],
  },
  {
    folder: 'containers/encoder/src/cluster',
    mayImport: [
      'lib/domain',
      'lib/runtime',
      ...['media', 'origin', 'package', 'rtmp', 'streams'].map((name) => `containers/encoder/src/${name}`),
    ],
  },
  {
    folder: 'containers/encoder/src/telemetry',
    mayImport: ['lib/domain', 'lib/runtime', 'containers/encoder/src/streams'],
  },
  { folder: 'containers/encoder', mayImport: ['lib/domain', 'lib/runtime'] },
  // It judges the packager, so it shares nothing with it.
  { folder: 'scripts/check-hls', mayImport: ['scripts/terminal'] },
  {
    folder: 'scripts/kit',
    mayImport: ['lib/domain', 'containers/encoder/src/media', 'scripts/check-hls', 'scripts/local'],
  },
  {
    folder: 'scripts',
    mayImport: ['lib/domain', 'lib/config', 'lib/runtime', 'lib/functions', 'lib/site', 'containers'],
  },
  { folder: 'bin', mayImport: ['lib/domain', 'lib/config', 'lib/stacks'] },
];

const FORBIDDEN_FOLDERS = ['utils', 'util', 'common', 'helpers', 'manager', 'managers', 'misc'];

function typeScriptBelow(folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map((path) => join(folder, path))
      .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts')),
  );
}

/** Everything that a file imports, as it is written there. */
function imports(path: string): string[] {
  return importsIn(readFileSync(join(ROOT, path), 'utf8'));
}

function importsIn(source: string): string[] {
  return [...source.matchAll(/\b(?:from|import|require)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}

/** Folders by their subpath import: `#domain/` is `lib/domain/`. */
const SUBPATHS = Object.entries(
  z
    .object({ imports: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))).imports,
).map(([prefix, folder]) => ({ prefix: prefix.slice(0, -1), folder: folder.slice(0, -1) }));

/** The project's own files among them, as paths from the root. */
function ownImports(path: string): string[] {
  return imports(path).flatMap((specifier) => toOwnPath(path, specifier) ?? []);
}

function toOwnPath(path: string, specifier: string): string | null {
  if (specifier.startsWith('.')) return normalize(join(dirname(path), specifier));
  const subpath = SUBPATHS.find(({ prefix }) => specifier.startsWith(prefix));
  return subpath === undefined ? null : normalize(specifier.replace(subpath.prefix, subpath.folder));
}

const isBelow = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);
const files = typeScriptBelow(SOURCE_FOLDERS);
const testFiles = typeScriptBelow(['test']);

test('the rules see the source: it has files, and they have imports', () => {
  expect(files.length).toBeGreaterThan(100);
  expect(files.flatMap(ownImports).length).toBeGreaterThan(200);
  expect(files.flatMap(ownImports).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('every file lies in a layer', () => {
  expect(files.filter((path) => !LAYERS.some(({ folder }) => isBelow(path, folder)))).toEqual([]);
});

test.each(LAYERS.filter(({ folder }) => existsSync(join(ROOT, folder))))(
  '$folder imports only from where it may',
  ({ folder, mayImport }) => {
    const own = files.filter((path) => LAYERS.find((layer) => isBelow(path, layer.folder))?.folder === folder);
    const violations = own.flatMap((path) =>
      ownImports(path)
        .filter((imported) => ![folder, ...mayImport].some((allowed) => isBelow(imported, allowed)))
        .map((imported) => `${path} imports ${imported}`),
    );
    expect(violations).toEqual([]);
  },
);

test('no import climbs three levels or more', () => {
  const climbing = [...files, ...testFiles].flatMap((path) =>
    imports(path)
      .filter((specifier) => specifier.startsWith('../../../'))
      .map((specifier) => `${path} imports ${specifier}`),
  );
  expect(climbing).toEqual([]);
});

test('nothing outside test/ imports from it', () => {
  const importers = files.filter((path) => ownImports(path).some((imported) => isBelow(imported, 'test')));
  expect(importers).toEqual([]);
});

test('no layer imports from one that may import from it', () => {
  const mutual = LAYERS.flatMap(({ folder, mayImport }) =>
    mayImport.filter((other) => LAYERS.find((layer) => layer.folder === other)?.mayImport.includes(folder)),
  );
  expect(mutual).toEqual([]);
});

/** Node.js may collect the timeout's signal before its time has passed: `signalWithin` keeps it. Browsers keep it themselves. */
test('no time limit is lost in AbortSignal.any', () => {
  const losing = [...files, ...testFiles]
    .filter((path) => !isBelow(path, 'lib/site'))
    .filter((path) => /AbortSignal\.any\(\[[^\]]*AbortSignal\.timeout/.test(readFileSync(join(ROOT, path), 'utf8')));
  expect(losing).toEqual([]);
});

/** Names of the classes, interfaces and types that a file declares, exported or not. */
function declaredTypes(path: string): string[] {
  const source = readFileSync(join(ROOT, path), 'utf8');
  const declarations = source.matchAll(
    /^\s*(?:export |declare |abstract )*(?:class|interface|enum|type) (\w+)(?= [={]|<| extends| implements)/gm,
  );
  return [...declarations].map((match) => match[1] ?? '');
}

test('no two classes, interfaces or types have the same name', () => {
  const places = new Map<string, string[]>();
  for (const path of [...files, ...testFiles]) {
    for (const name of declaredTypes(path)) places.set(name, [...(places.get(name) ?? []), path]);
  }
  expect(places.size).toBeGreaterThan(300);
  expect(
    [...places].filter(([, paths]) => paths.length > 1).map(([name, paths]) => `${name}: ${paths.join(', ')}`),
  ).toEqual([]);
});

/** How a file comes to import one of some modules at run time: the files on the way to it. Null if it does not. */
function findImport(modules: readonly string[], path: string, seen = new Set<string>()): readonly string[] | null {
  if (seen.has(path)) return null;
  seen.add(path);
  const specifiers = importsIn(readFileSync(join(ROOT, path), 'utf8').replace(/^import type [^;]*;/gm, ''));
  if (specifiers.some((specifier) => modules.includes(specifier))) return [path];
  for (const imported of specifiers.flatMap((each) => toOwnPath(path, each) ?? [])) {
    const trail = findImport(modules, imported, seen);
    if (trail !== null) return [path, ...trail];
  }
  return null;
}

test('a unit test starts no other program: one that does is named *.integration.test.ts or *.alone.test.ts', () => {
  const unitTests = testFiles.filter(
    (path) => /(?<!\.(integration|alone))\.test\.ts$/.test(path) && !isBelow(path, 'test/e2e'),
  );
  const starters = ['node:child_process', 'playwright-core'];
  const starting = unitTests.flatMap((path) => findImport(starters, path)?.join(' imports ') ?? []);
  expect(starting).toEqual([]);
});

test('lib/domain imports nothing but Node.js itself', () => {
  const foreign = files
    .filter((path) => isBelow(path, 'lib/domain'))
    .flatMap(imports)
    .filter((specifier) => !specifier.startsWith('./') && !specifier.startsWith('node:'));
  expect(foreign).toEqual([]);
});

test('a page shares only types with the functions', () => {
  const sharing = files
    .filter((path) => isBelow(path, 'lib/site'))
    .filter((path) => findImport(['zod', '@hono/zod-openapi', 'hono'], path) !== null);
  expect(sharing).toEqual([]);
});

test('one file imports node-media-server', () => {
  const importers = files.filter((path) =>
    imports(path).some((specifier) => specifier.startsWith('node-media-server')),
  );
  expect(importers).toHaveLength(1);
});

test('the CDK library is for the app and its constructs alone', () => {
  const importers = files.filter((path) =>
    imports(path).some((specifier) => /^(aws-cdk-lib|constructs)(\/|$)/.test(specifier)),
  );
  const allowed = ['bin', 'lib/constructs', 'lib/stacks'];
  expect(importers.filter((path) => !allowed.some((folder) => isBelow(path, folder)))).toEqual([]);
});

test('no file imports itself by way of others', () => {
  const graph = new Map(files.map((path) => [path, ownImports(path)]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
    if (trail.includes(path) || done.has(path)) return;
    for (const imported of graph.get(path) ?? []) visit(imported, [...trail, path]);
    done.add(path);
  };
  for (const path of files) visit(path, []);
  expect(cycles).toEqual([]);
});

test('no barrels, no folders without a subject', () => {
  expect(files.filter((path) => basename(path) === 'index.ts')).toEqual([]);
  expect(files.filter((path) => path.split('/').some((name) => FORBIDDEN_FOLDERS.includes(name)))).toEqual([]);
});

describe('bundles', () => {
  let outDir: string;
  beforeAll(async () => {
    outDir = await mkdtemp(join(tmpdir(), 'headend-bundles-'));
  });
  afterAll(() => rm(outDir, { recursive: true }));

  test.each([
    ['encoder', () => bundleEncoder(outDir)] as const,
    ...LAMBDA_FUNCTIONS.map((name) => [name, () => bundleLambda(name, outDir)] as const),
  ])('%s contains neither the CDK nor anything of the scripts', async (_name, bundle) => {
    const { metafile } = await bundle();
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.length).toBeGreaterThan(10);
    const foreign = /aws-cdk-lib|constructs|^scripts\/|^test\/|dynalite/;
    expect(inputs.filter((path) => foreign.test(path))).toEqual([]);
  });

  test.each(EDGE_FUNCTIONS)('%s, which runs at the edge, is its own code and rules of the domain', async (name) => {
    const { metafile } = await bundleEdgeFunction(name, outDir);
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.length).toBeGreaterThan(1);
    expect(inputs.filter((path) => !isBelow(path, `lib/functions/${name}`) && !isBelow(path, 'lib/domain'))).toEqual(
      [],
    );
  });
});
