import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { on, once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stackName } from '#config/stack-names.ts';
import { generateSecret } from '#domain/stream-ids.ts';
import { CDK_CLI_PATH } from '#scripts/cloud/cdk-cli.ts';
import { MONITORING_STACKS, PLATFORM_STACKS } from '#scripts/cloud/deploy.ts';
import { GOOD_ZONES, startAwsAccount } from '#test/support/aws-account.ts';
import { makeDockerProgram } from '#test/support/docker-program.ts';

/** The CDK CLI and the library in the app take some seconds each to load. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headend-synth-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Starts a command on the fixture's app, with the real CLI. */
function begin(program: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child: ChildProcess = spawn(process.execPath, program, {
    cwd: ROOT,
    env: {
      ...process.env,
      // Jest's own options for Node.js and colours must not affect the command.
      ...{ NODE_OPTIONS: '', FORCE_COLOR: '0', TMPDIR: folder, FIXTURE_ARTIFACTS: join(folder, 'dist') },
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, as a shell creates one.
    detached: true,
  });
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    output.stdout += chunk;
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output.stderr += chunk;
  });
  const exited = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }));
  return { child, exited };
}

const FIXTURE = ['--import', 'tsx', 'test/scripts/cloud/run-fixture.ts'];
const synth = (args: readonly string[], environment?: Readonly<Record<string, string>>) =>
  begin([...FIXTURE, 'synth', '--output', join(folder, 'out'), ...args], environment).exited;

/** Starts a server that never answers, and counts its connections. */
async function startSilentServer() {
  let connections = 0;
  const server = createServer(() => {
    connections += 1;
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return { url: `http://127.0.0.1:${port}`, connections: () => connections, close: () => server.close() };
}

const outputsFolders = async (): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.startsWith('headend-outputs-'));

/** The CLI does not end its app when it is ended itself. A remaining process would hold the pipes open. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

test('builds, says where each template is, warns of zones that nobody chose, and does not call AWS, even in CI with credentials', async () => {
  const silent = await startSilentServer();
  const { code, stdout, stderr } = await synth(['-c', 'stage=dev'], {
    CI: 'true',
    HTTPS_PROXY: silent.url,
    https_proxy: silent.url,
    AWS_ENDPOINT_URL: silent.url,
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: generateSecret(randomBytes),
  });
  silent.close();
  expect([code, silent.connections()]).toEqual([0, 0]);
  const [, heading, ...rows] = stdout.trimEnd().split('\n');
  expect(heading).toBe(`Templates in ${join(folder, 'out')}:`);
  expect(rows.map((row) => row.trim().split(/ +/)[0]).sort()).toEqual(['Data', 'Media', 'Nested/Data']);
  for (const row of rows) {
    const template = JSON.parse(await readFile(join(ROOT, row.trim().split(/ +/)[1] ?? ''), 'utf8'));
    expect(Object.keys(template.Resources)).toEqual(['Handle']);
  }
  expect(stderr).toMatch(
    /^Warning: the templates name the region's first 2 zones\. .+\nSuccessfully synthesized to .+\nSupply a stack id .+\n$/,
  );
});

test('the template of a named stack goes to standard output', async () => {
  const { code, stdout } = await synth(['-c', 'stage=dev', 'Media']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Resources:\n {2}Handle:\n {4}Type: AWS::CloudFormation::WaitConditionHandle\n/);
  expect(stdout).not.toContain('Templates in');
});

test('the patterns of deploy divide the stacks into those that the platform needs and those that watch it', async () => {
  const parts = ['Network', 'Edge-us-east-1', 'Control', 'Monitoring', 'EdgeMonitoring-us-east-1'];
  const names = parts.map((part) => stackName('dev', part));
  const properties = { templateFile: 'template.json' };
  const stack = { type: 'aws:cloudformation:stack', environment: 'aws://unknown-account/unknown-region', properties };
  const artifacts = Object.fromEntries(names.map((name) => [name, { ...stack, displayName: name }]));
  await writeFile(join(folder, 'manifest.json'), JSON.stringify({ version: '36.0.0', artifacts }));
  await writeFile(join(folder, 'template.json'), '{}');
  const listed = async (part: string): Promise<string[]> => {
    const { stdout } = await begin([CDK_CLI_PATH, 'ls', '--app', folder, stackName('dev', part)]).exited;
    return stdout.trim().split('\n');
  };
  expect(await listed(PLATFORM_STACKS)).toEqual(names.slice(0, 3));
  expect(await listed(MONITORING_STACKS)).toEqual(names.slice(3));
});

test('an error of the app is shown once without a stack trace, and the exit code is 1', async () => {
  const { code, stdout, stderr } = await synth(['-c', 'stage=test']);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr.split('There is no stage "test"; known: dev.')).toHaveLength(2);
  expect(stderr.trimEnd().split('\n')).toHaveLength(3);
});

test.each([
  ['Ctrl-C', 130, (pid: number): unknown => process.kill(-pid, 'SIGINT')],
  ['SIGTERM', 143, (pid: number): unknown => process.kill(pid, 'SIGTERM')],
] as const)('%s ends a command with its CLI, and no file of it is left', async (_case, exitCode, end) => {
  const account = await startAwsAccount({ zones: GOOD_ZONES });
  const { child, exited } = begin([...FIXTURE, 'deploy', '--output', join(folder, 'out'), '-c', 'stage=waiting'], {
    ...account.environment,
    AWS_REGION: 'us-east-1',
    CDK_DOCKER: await makeDockerProgram(folder, { architecture: 'x86_64' }),
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: generateSecret(randomBytes),
  });
  const { stderr, pid = 0 } = child;
  if (stderr === null) throw new Error('no standard error');
  try {
    for await (const [chunk] of on(stderr, 'data')) if (String(chunk).includes('waiting')) break;
    expect(await outputsFolders()).toHaveLength(1);
    const ended = once(child, 'exit');
    end(pid);
    expect(await ended).toEqual([exitCode, null]);
    expect(await outputsFolders()).toEqual([]);
  } finally {
    endGroup(pid);
    await exited;
    await account.close();
  }
});

test('npm run synth, deploy, diff and destroy without a stage print one line and exit with 1', async () => {
  const commands = ['synth', 'deploy', 'diff', 'destroy'];
  const exits = await Promise.all(commands.map((command) => begin(['scripts/run.mjs', command]).exited));
  for (const [index, command] of commands.entries()) {
    const stderr = `Name the stage after npm's two dashes: npm run ${command} -- -c stage=dev\n`;
    expect(exits[index]).toEqual({ code: 1, stdout: '', stderr });
  }
  expect(existsSync(join(folder, 'dist'))).toBe(false);
});
