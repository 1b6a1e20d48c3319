import { z } from 'zod';
import { CPU_ARCHITECTURES, type CpuArchitectureName } from '#config/cpu-architecture.ts';
import { askDocker } from './docker.ts';
import type { Finding } from './finding.ts';
import type { RememberedChoices } from './remembered-choices.ts';

export interface ArchitectureCheck {
  /** What the stage says. Null if it leaves the choice open. */
  readonly cpuArchitecture: CpuArchitectureName | null;
  readonly remembered: RememberedChoices;
  readonly env: NodeJS.ProcessEnv;
  /** Whether the image is built. If not, nobody needs Docker. */
  readonly isBuilt: boolean;
}

export interface ArchitectureChoice {
  /** Null if the stage says it, or if none could be chosen. */
  readonly cpuArchitecture: CpuArchitectureName | null;
  readonly finding: Finding;
}

/** The name of the architecture among the remembered choices. */
export const REMEMBERED_ARCHITECTURE = 'cpu-architecture';

const SUBJECT = 'architecture';
const QEMU_NAMES = { arm64: 'arm64', x86_64: 'amd64' } as const satisfies Record<CpuArchitectureName, string>;
const installQemu = (name: CpuArchitectureName): string =>
  `docker run --privileged --rm tonistiigi/binfmt --install ${QEMU_NAMES[name]}`;

/**
 * Chooses the architecture of a stage's tasks by what Docker can build their image for, because the image's Dockerfile runs
 * programs of that architecture. ARM64 is first, because Fargate asks a fifth less for it. A deployed stage keeps its own.
 */
export async function checkArchitecture(options: ArchitectureCheck): Promise<ArchitectureChoice> {
  const { cpuArchitecture: named, remembered, env, isBuilt } = options;
  const before = await remembered.read(REMEMBERED_ARCHITECTURE, z.enum(CPU_ARCHITECTURES));
  const wanted = named ?? before;
  const why = named === null ? 'as before' : 'as the stage says';
  const choice = (status: Finding['status'], text: string, chosen = before): ArchitectureChoice => ({
    cpuArchitecture: named === null ? chosen : null,
    finding: { status, subject: SUBJECT, text },
  });

  const docker = await askDocker(env);
  if ('failure' in docker) {
    if (isBuilt) return choice('problem', `Docker builds the encoder's image, but ${docker.failure}`);
    return choice('unchecked', `${wanted ?? 'arm64'}: ${docker.failure}`, before ?? 'arm64');
  }
  const { builds } = docker;
  if (wanted !== null) {
    if (!isBuilt || builds.includes(wanted)) return choice('ok', `${wanted}, ${why}`);
    return choice('problem', unbuildable(wanted, named === null ? 'as it was first deployed' : why, builds));
  }
  if (builds.includes('arm64')) return choice('ok', 'arm64, chosen now', 'arm64');
  return choice('warning', ON_X86, 'x86_64');
}

const ON_X86 = [
  'x86_64, because the Docker of this machine does not build for arm64. Tasks cost a quarter more than on arm64.',
  `To have arm64, install QEMU (${installQemu('arm64')}) and set cpuArchitecture: 'arm64'.`,
].join('\n');

const unbuildable = (wanted: CpuArchitectureName, why: string, builds: readonly CpuArchitectureName[]): string =>
  [
    `cpuArchitecture: the stage's tasks are ${wanted}, ${why}, but the Docker of this machine builds only for ${builds.join(', ')}.`,
    `Install QEMU (${installQemu(wanted)}), or set cpuArchitecture: '${builds[0]}' in lib/config/stages.ts.`,
  ].join('\n');
