import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CPU_ARCHITECTURES, type CpuArchitectureName } from '#config/cpu-architecture.ts';

/** The architectures that the Docker of this machine can build images for, its own first. Or why nobody knows. */
export type DockerAnswer = { readonly builds: readonly CpuArchitectureName[] } | { readonly failure: string };

const run = promisify(execFile);
const TIMEOUT_MS = 30_000;

/** Docker's names of the architectures, in `docker info` and in platforms. */
const DOCKER_NAMES: Readonly<Record<string, CpuArchitectureName>> = {
  aarch64: 'arm64',
  arm64: 'arm64',
  x86_64: 'x86_64',
  amd64: 'x86_64',
};

/**
 * Asks the program that the CDK builds images with. Docker Desktop runs programs of both architectures. Elsewhere, that
 * takes QEMU in the kernel (binfmt_misc), and the builder knows whether it is there.
 */
export async function askDocker(env: NodeJS.ProcessEnv): Promise<DockerAnswer> {
  const program = env.CDK_DOCKER ?? 'docker';
  const ask = async (...args: string[]): Promise<string> =>
    (await run(program, args, { env, timeout: TIMEOUT_MS })).stdout.trim();
  let info: string;
  try {
    info = await ask('info', '--format', '{{.Architecture}}|{{.OperatingSystem}}');
  } catch (error) {
    return { failure: failureOf(program, error) };
  }
  const [architecture = '', operatingSystem] = info.split('|');
  const own = DOCKER_NAMES[architecture];
  if (own === undefined) return { failure: `${program} runs on ${architecture}, which Fargate does not have` };
  if (operatingSystem === 'Docker Desktop') return { builds: withFirst(own, CPU_ARCHITECTURES) };
  // A Docker without buildx builds for itself alone, as far as anybody knows.
  const inspected = await ask('buildx', 'inspect').catch(() => '');
  const platforms = [...inspected.matchAll(/linux\/(arm64|amd64)\b/g)].map(([, name = '']) => DOCKER_NAMES[name]);
  return {
    builds: withFirst(
      own,
      CPU_ARCHITECTURES.filter((name) => platforms.includes(name)),
    ),
  };
}

const withFirst = (own: CpuArchitectureName, all: readonly CpuArchitectureName[]): CpuArchitectureName[] => [
  ...new Set([own, ...all]),
];

function failureOf(program: string, error: unknown): string {
  const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: string };
  if (code === 'ENOENT') return `there is no program "${program}"`;
  return stderr?.trim().split('\n').at(-1) || `"${program} info" failed`;
}
