import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import type { Metafile } from 'esbuild';
import { z } from 'zod';
import { buildArtifacts } from '#scripts/build-artifacts.ts';
import { makeSbom } from '#scripts/sbom.ts';

const sbomSchema = z.object({
  metadata: z.object({ component: z.object({ name: z.string() }) }),
  components: z.array(
    z.object({
      type: z.string(),
      name: z.string(),
      version: z.string(),
      purl: z.string(),
      licenses: z.array(z.object({ license: z.object({ id: z.string() }) })).optional(),
      hashes: z.array(z.object({ alg: z.string(), content: z.string() })).optional(),
    }),
  ),
});
type Component = z.infer<typeof sbomSchema>['components'][number];

const PATHS = {
  encoder: 'encoder/sbom.cdx.json',
  'ingest-auth': 'sbom/ingest-auth.cdx.json',
  'control-api': 'sbom/control-api.cdx.json',
  site: 'sbom/site.cdx.json',
} as const;
type BundledPart = keyof typeof PATHS;
const PARTS = Object.keys(PATHS) as BundledPart[];

let outDir: string;
beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'headend-sbom-'));
  await buildArtifacts(outDir);
});
afterAll(() => rm(outDir, { recursive: true }));

const readText = (part: BundledPart): Promise<string> => readFile(join(outDir, PATHS[part]), 'utf8');

async function componentsOf(part: BundledPart): Promise<Component[]> {
  const { components, metadata } = sbomSchema.parse(JSON.parse(await readText(part)));
  expect(metadata.component.name).toBe(`headend-${part}`);
  return components;
}

test.each(PARTS)('the bill of materials of %s is valid CycloneDX 1.6', async (part) => {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
  expect(await validator.validate(await readText(part))).toBeNull();
});

test('the validator finds a bill that is not valid', async () => {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
  const text = (await readText('encoder')).replace('"type": "library"', '"type": "book"');
  expect(await validator.validate(text)).not.toBeNull();
});

test('it names the packages whose code is in the bundle, with the versions that are installed, and no others', async () => {
  const { dependencies } = JSON.parse(await readFile('package.json', 'utf8'));
  const versions = async (part: BundledPart) =>
    Object.fromEntries((await componentsOf(part)).map(({ name, version }) => [name, version]));
  const direct = (...names: string[]) => Object.fromEntries(names.map((name) => [name, dependencies[name]]));
  const encoder = await versions('encoder');
  expect(encoder).toMatchObject(direct('node-media-server', 'pino', 'zod', 'lru-cache', '@aws-sdk/client-dynamodb'));
  expect(await versions('site')).toMatchObject(direct('hls.js', 'media-chrome', 'url-toolkit', 'eventemitter3'));
  const api = await versions('control-api');
  expect(api).toMatchObject(direct('hono', '@hono/zod-openapi'));
  // The runtime of Lambda has the AWS SDK.
  expect(Object.keys(api).filter((name) => name.startsWith('@aws-sdk/'))).toEqual([]);
  const tools = ['aws-cdk-lib', 'constructs', 'dynalite', 'esbuild', 'jest', 'tsx', '@cyclonedx/cyclonedx-library'];
  for (const part of PARTS) {
    const names = Object.keys(await versions(part));
    expect(tools.filter((name) => names.includes(name))).toEqual([]);
  }
  expect(encoder).not.toHaveProperty('hono');
});

test('every package has a licence, a package URL and the checksum of the lockfile', async () => {
  const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8'));
  const { components } = JSON.parse(await readText('encoder'));
  const pino = components.find(({ name }: Component) => name === 'pino');
  const [{ url, hashes }] = pino.externalReferences;
  expect([pino.purl, url]).toEqual([
    `pkg:npm/pino@${pino.version}`,
    `https://registry.npmjs.org/pino/-/pino-${pino.version}.tgz`,
  ]);
  expect(`sha512-${Buffer.from(hashes[0].content, 'hex').toString('base64')}`).toBe(
    packages['node_modules/pino'].integrity,
  );
  for (const { type, purl, licenses } of await componentsOf('encoder')) {
    expect(purl).toMatch(/^pkg:(npm|docker)\//);
    if (type === 'library') expect(licenses).toHaveLength(1);
  }
});

test('the image’s bill has the base images by the digests of the Dockerfile', async () => {
  const dockerfile = await readFile('containers/encoder/Dockerfile', 'utf8');
  const images = (await componentsOf('encoder')).filter(({ type }) => type === 'container');
  expect(images.map(({ name }) => name)).toEqual(['debian', 'node']);
  for (const { name, version, hashes } of images) {
    expect(dockerfile).toContain(`FROM ${name}:${version}@sha256:${hashes?.[0]?.content} `);
  }
});

test('a package without a checksum in the lockfile, or an image without a digest, is an error', () => {
  const metafileOf = (path: string): Metafile => ({
    inputs: {},
    outputs: { 'main.mjs': { bytes: 1, inputs: { [path]: { bytesInOutput: 1 } }, imports: [], exports: [] } },
  });
  const own = metafileOf('lib/domain/ports.ts');
  expect(() => makeSbom({ name: 'encoder', metafile: own })).not.toThrow();
  expect(() => makeSbom({ name: 'encoder', metafile: metafileOf('x/node_modules/pino/pino.js') })).toThrow(/pino/);
  const image = { line: '', name: 'debian', tag: 'trixie-slim', digest: null };
  expect(() => makeSbom({ name: 'encoder', metafile: own, baseImages: [image] })).toThrow(
    /debian:trixie-slim without a digest/,
  );
});
