import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '#scripts/terminal/errors.ts';
import { parseBaseImages } from './base-images.ts';
import { fetchImageDigest } from './image-digest.ts';
import { describeChanges, type RunInImage, resolvePackages } from './package-lock.ts';

export interface RefreshOptions {
  /** The folder of Dockerfile and packages.lock. */
  readonly imageDir: string;
  /** @default Docker Hub */
  readonly registryUrl?: string;
  readonly run: RunInImage;
}

/** The image whose packages are locked. */
const BASE_NAME = 'debian';

/**
 * Writes what is newest now into the Dockerfile and packages.lock: the digests of the base images and the versions of the
 * Debian packages. Resolves to what changed, a line each. Nothing is written if something cannot be found out: then it
 * rejects with a UserError.
 */
export async function refreshImage({ imageDir, registryUrl, run }: RefreshOptions): Promise<string[]> {
  const dockerfilePath = join(imageDir, 'Dockerfile');
  const lockPath = join(imageDir, 'packages.lock');
  const former = await readFile(dockerfilePath, 'utf8');
  const formerLock = await readFile(lockPath, 'utf8');
  const changes: string[] = [];
  let dockerfile = former;
  let baseImage: string | null = null;
  for (const { line, name, tag, digest: formerDigest } of parseBaseImages(former)) {
    const digest = await fetchImageDigest({ name, tag }, registryUrl);
    dockerfile = dockerfile.replace(line, `FROM ${name}:${tag}@${digest}`);
    if (digest !== formerDigest) changes.push(`${name}:${tag}: ${formerDigest ?? 'no digest'} -> ${digest}`);
    if (name === BASE_NAME) baseImage = `${name}:${tag}@${digest}`;
  }
  if (baseImage === null) throw new UserError(`The Dockerfile is not based on ${BASE_NAME}.`);
  const lock = await resolvePackages(dockerfile, baseImage, run);
  await writeFile(dockerfilePath, dockerfile);
  await writeFile(lockPath, lock);
  return [...changes, ...describeChanges(formerLock, lock)];
}
