import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkArchitecture, REMEMBERED_ARCHITECTURE } from '#scripts/cloud/preflight/architecture.ts';
import { RememberedChoices } from '#scripts/cloud/preflight/remembered-choices.ts';
import { type DockerFacts, makeDockerProgram } from '#test/support/docker-program.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headend-architecture-'));
});
afterEach(() => rm(folder, { recursive: true }));

const remembered = () =>
  new RememberedChoices(join(folder, 'cdk.context.json'), {
    account: '1'.repeat(12),
    region: 'eu-west-1',
    stage: 'dev',
  });

interface Case {
  readonly cpuArchitecture?: 'arm64' | 'x86_64';
  readonly isBuilt?: boolean;
}
/** Checks with a Docker of these facts. */
async function check(facts: DockerFacts, { cpuArchitecture, isBuilt = true }: Case = {}) {
  const env = { CDK_DOCKER: await makeDockerProgram(folder, facts) };
  return checkArchitecture({ cpuArchitecture: cpuArchitecture ?? null, remembered: remembered(), env, isBuilt });
}

const X86_LINUX: DockerFacts = { architecture: 'x86_64', platforms: 'linux/amd64, linux/amd64/v2, linux/386' };

test.each<[string, DockerFacts]>([
  ['ARM64 itself', { architecture: 'aarch64' }],
  ['Docker Desktop', { architecture: 'x86_64', operatingSystem: 'Docker Desktop' }],
  ['x86 with QEMU', { architecture: 'x86_64', platforms: 'linux/amd64, linux/arm64, linux/386' }],
])('a machine that builds for ARM64 (%s) gets tasks on ARM64, which cost less', async (_case, facts) => {
  expect(await check(facts)).toEqual({
    cpuArchitecture: 'arm64',
    finding: { status: 'ok', subject: 'architecture', text: 'arm64, chosen now' },
  });
});

test.each<[string, DockerFacts]>([
  ['with buildx', X86_LINUX],
  ['without buildx', { architecture: 'x86_64' }],
])('x86 Linux without QEMU, %s, gets tasks on x86_64, and hears what they cost', async (_case, facts) => {
  const { cpuArchitecture, finding } = await check(facts);
  expect([cpuArchitecture, finding.status]).toEqual(['x86_64', 'warning']);
  expect(finding.text).toMatch(/^x86_64, because .+ a quarter more .+ --install arm64/s);
});

test('a deployed stage keeps its architecture', async () => {
  await remembered().write({ [REMEMBERED_ARCHITECTURE]: 'x86_64' });
  const facts = { architecture: 'aarch64', platforms: 'linux/arm64, linux/amd64' };
  expect(await check(facts)).toMatchObject({ cpuArchitecture: 'x86_64', finding: { text: 'x86_64, as before' } });
  expect(await check({ architecture: 'aarch64' })).toMatchObject({
    finding: { status: 'problem', text: expect.stringContaining('as it was first deployed') },
  });
});

test('an architecture that the stage names is used, if Docker can build for it', async () => {
  expect(await check({ architecture: 'x86_64' }, { cpuArchitecture: 'x86_64' })).toEqual({
    cpuArchitecture: null,
    finding: { status: 'ok', subject: 'architecture', text: 'x86_64, as the stage says' },
  });
  const { finding } = await check(X86_LINUX, { cpuArchitecture: 'arm64' });
  expect(finding).toEqual({
    status: 'problem',
    subject: 'architecture',
    text: [
      "cpuArchitecture: the stage's tasks are arm64, as the stage says, but the Docker of this machine builds only for x86_64.",
      "Install QEMU (docker run --privileged --rm tonistiigi/binfmt --install arm64), or set cpuArchitecture: 'x86_64' in lib/config/stages.ts.",
    ].join('\n'),
  });
});

test.each<[string, () => Promise<Parameters<typeof checkArchitecture>[0]['env']>, string]>([
  ['missing', async () => ({ PATH: folder }), 'there is no program "docker"'],
  [
    'not running',
    async () => ({ CDK_DOCKER: await makeDockerProgram(folder, { architecture: null }) }),
    'Cannot connect to the Docker daemon',
  ],
])('a Docker that is %s is a problem for deploy, not for diff', async (_case, makeEnv, why) => {
  const options = { cpuArchitecture: null, remembered: remembered(), env: await makeEnv() };
  const { finding } = await checkArchitecture({ ...options, isBuilt: true });
  expect([finding.status, finding.text]).toEqual(['problem', expect.stringContaining(why)]);
  expect(await checkArchitecture({ ...options, isBuilt: false })).toMatchObject({
    cpuArchitecture: 'arm64',
    finding: { status: 'unchecked' },
  });
});
