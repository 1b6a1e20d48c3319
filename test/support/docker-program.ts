import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface DockerFacts {
  /** What `docker info` says of the daemon: `x86_64` or `aarch64`. Null if the daemon does not run. */
  readonly architecture: string | null;
  /** @default 'Debian GNU/Linux 13' */
  readonly operatingSystem?: string;
  /** The platforms that `docker buildx inspect` lists. @default there is no buildx */
  readonly platforms?: string;
}

/** Makes a program in `folder` that answers `info` and `buildx inspect` as Docker's does, and returns its path. */
export async function makeDockerProgram(folder: string, facts: DockerFacts): Promise<string> {
  const { architecture, operatingSystem = 'Debian GNU/Linux 13', platforms } = facts;
  const info =
    architecture === null
      ? 'echo "Cannot connect to the Docker daemon at unix:///var/run/docker.sock." >&2; exit 1'
      : `echo '${architecture}|${operatingSystem}'`;
  const buildx =
    platforms === undefined
      ? 'echo "docker: unknown command: docker buildx" >&2; exit 1'
      : `printf 'Name: default\\nNodes:\\nStatus: running\\nPlatforms: ${platforms}\\n'`;
  const path = join(folder, 'docker');
  await writeFile(
    path,
    `#!/bin/sh\ncase "$1 $2" in\n'info --format') ${info} ;;\n'buildx inspect') ${buildx} ;;\nesac\n`,
  );
  await chmod(path, 0o755);
  return path;
}
