import { UserError } from '#scripts/terminal/errors.ts';

/** Runs a shell script in a new container of an image. Resolves to its standard output. */
export type RunInImage = (image: string, script: string) => Promise<string>;

/** Line of the Dockerfile that installs what goes into the image. */
const INSTALL_PATTERN = /^apt-get install -y --no-install-recommends ('ffmpeg=.*)$/m;
/** What apt says that it would install: name, version that is there, new version. */
const INSTALLED_PATTERN = /^Inst (\S+) (?:\[\S+\] )?\((\S+) /gm;
/** A package that was built again for one architecture, with the same source. */
const REBUILD_PATTERN = /\+b\d+$/;

/**
 * The Debian packages that a build of the Dockerfile would install now, as the text of packages.lock: a line for each, with
 * its name and version, sorted. It has the updates of the base image's own packages, too. Rejects with a UserError.
 */
export async function resolvePackages(dockerfile: string, baseImage: string, run: RunInImage): Promise<string> {
  const packages = INSTALL_PATTERN.exec(dockerfile)?.[1];
  if (packages === undefined) throw new UserError('The Dockerfile does not install FFmpeg as expected.');
  const simulate = 'apt-get --simulate -q';
  const script = [
    'set -eu',
    'apt-get update -qq >&2',
    `${simulate} upgrade`,
    `${simulate} install --no-install-recommends ${packages}`,
  ].join('\n');
  const found = [...(await run(baseImage, script)).matchAll(INSTALLED_PATTERN)];
  const versions = new Map(found.map(([, name = '', version = '']) => [name, version.replace(REBUILD_PATTERN, '')]));
  if (!versions.has('ffmpeg')) throw new UserError(`apt in ${baseImage} would not install FFmpeg.`);
  const lines = [...versions].map(([name, version]) => `${name} ${version}\n`);
  return lines.sort().join('');
}

/** Says in words how two locks differ, a line for each package. */
export function describeChanges(before: string, after: string): string[] {
  const [former, current] = [readLock(before), readLock(after)];
  const names = [...new Set([...former.keys(), ...current.keys()])].sort();
  return names
    .filter((name) => former.get(name) !== current.get(name))
    .map((name) => `${name}: ${former.get(name) ?? 'none'} -> ${current.get(name) ?? 'none'}`);
}

const readLock = (text: string): ReadonlyMap<string, string> =>
  new Map(text.split('\n').flatMap((line) => (line === '' ? [] : [line.split(' ') as [string, string]])));
