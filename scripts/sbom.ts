import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Enums, Models, Serialize, SPDX, Spec } from '@cyclonedx/cyclonedx-library';
import type { Metafile } from 'esbuild';
import { z } from 'zod';
import type { BaseImage } from './image/base-images.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The folder of the npm package that a file belongs to, as the lockfile names it. */
const PACKAGE_DIR_PATTERN = /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;
const SPEC = Spec.Spec1dot6;
/** Where npm packages come from. */
const REGISTRY_URL = 'https://registry.npmjs.org';

const manifestSchema = z.object({ name: z.string(), version: z.string(), license: z.string() });
const lockfileSchema = z.object({ packages: z.record(z.string(), z.object({ integrity: z.string().optional() })) });

export interface SbomOptions {
  /** What is deployed, such as `encoder`. */
  readonly name: string;
  /** esbuild's record of what is in it. */
  readonly metafile: Metafile;
  /** The images that it builds on. @default none */
  readonly baseImages?: readonly BaseImage[];
  /** The folder of the npm package of a font that is in it. @default none */
  readonly font?: string;
}

/**
 * The bill of materials of something that is deployed, as CycloneDX 1.6 in JSON: the npm packages whose code is in the
 * bundle, and the base images. It names no time and has no serial number, so the same source gives the same bytes. Throws
 * if a package has no licence, or no checksum in the lockfile.
 */
export function makeSbom({ name, metafile, baseImages = [], font }: SbomOptions): string {
  const bom = new Models.Bom();
  const own = readManifest('');
  const root = new Models.Component(Enums.ComponentType.Application, `headend-${name}`, {
    bomRef: `headend-${name}`,
    version: own.version,
    licenses: licenses(own.license),
  });
  const packages = [...bundledPackages(metafile), ...(font === undefined ? [] : [font])];
  const parts = [...packages.map(toComponent), ...baseImages.map(imageComponent)];
  for (const part of parts) {
    bom.components.add(part);
    root.dependencies.add(part.bomRef);
  }
  bom.metadata.component = root;
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(SPEC));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

/** The folders of the npm packages that have bytes in a bundle, sorted. */
function bundledPackages({ outputs }: Metafile): string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const folders = inputs.flatMap(([path, { bytesInOutput }]) =>
    bytesInOutput > 0 ? (PACKAGE_DIR_PATTERN.exec(path)?.[0] ?? []) : [],
  );
  return [...new Set(folders)].sort();
}

const readManifest = (folder: string) =>
  manifestSchema.parse(JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')));

function toComponent(folder: string): Models.Component {
  const { name, version, license } = readManifest(folder);
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const archive = `${REGISTRY_URL}/${name}/-/${name.replace(/^.*\//, '')}-${version}.tgz`;
  const reference = new Models.ExternalReference(archive, Enums.ExternalReferenceType.Distribution, {
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm['SHA-512'], sha512(folder)]]),
  });
  return new Models.Component(Enums.ComponentType.Library, name, {
    bomRef: purl,
    version,
    purl,
    licenses: licenses(license),
    externalReferences: new Models.ExternalReferenceRepository([reference]),
  });
}

/** The checksum of a package's archive, in hexadecimal digits. */
function sha512(folder: string): string {
  const { packages } = lockfileSchema.parse(JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')));
  const [, base64] = /^sha512-(.+)$/.exec(packages[folder]?.integrity ?? '') ?? [];
  if (base64 === undefined) throw new Error(`package-lock.json has no SHA-512 of ${folder}`);
  return Buffer.from(base64, 'base64').toString('hex');
}

/** The SPDX ids of licences that a package's manifest names in another way. */
const SPDX_IDS: Readonly<Record<string, string>> = {
  // DejaVu: Bitstream's licence, for what came from Bitstream Vera and Arev; what DejaVu added is in the public domain.
  'SEE LICENSE IN README.md AND LICENSE': 'Bitstream-Vera',
};

function licenses(declared: string): Models.LicenseRepository {
  const id = SPDX_IDS[declared] ?? declared;
  if (!SPDX.isSupportedSpdxId(id)) throw new Error(`"${id}" is not the SPDX id of one licence`);
  return new Models.LicenseRepository([new Models.SpdxLicense(id)]);
}

function imageComponent({ name, tag, digest }: BaseImage): Models.Component {
  if (digest === null) throw new Error(`the Dockerfile names ${name}:${tag} without a digest`);
  const purl = `pkg:docker/${name}@${encodeURIComponent(digest)}`;
  return new Models.Component(Enums.ComponentType.Container, name, {
    bomRef: purl,
    version: tag,
    purl,
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm['SHA-256'], digest.slice('sha256:'.length)]]),
  });
}
