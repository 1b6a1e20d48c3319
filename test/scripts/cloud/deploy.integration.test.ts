import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { devNull, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { generateSecret, SECRET_PATTERN } from '#domain/stream-ids.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { parseViewerTokenKeys } from '#runtime/viewer-token-keys.ts';
import { openAccessStores } from '#scripts/cloud/open-access-stores.ts';
import { openAwsClients } from '#scripts/cloud/preflight/aws-clients.ts';
import { probeDeployedStage } from '#scripts/cloud/probe-deployed-stage.ts';
import type { CdkRun } from '#scripts/cloud/run-cdk.ts';
import { runCloudCommand } from '#scripts/cloud/run-cloud-command.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';
import { syncViewerTokenKeys } from '#scripts/viewer-keys/sync-viewer-token-keys.ts';
import { type AwsAccountState, GOOD_ZONES, startAwsAccount } from '#test/support/aws-account.ts';
import { startControlApi } from '#test/support/control-api.ts';
import { makeDockerProgram } from '#test/support/docker-program.ts';
import { startStoredSecrets } from '#test/support/stored-secrets.ts';
import { signIn } from '#test/support/studio-session.ts';
import { STORE_ARN, startKeyValueStore } from '../viewer-keys/key-value-store.ts';

const SECRET_ARN = `arn:aws:secretsmanager:${LOCAL_REGION}:${'1'.repeat(12)}:secret:viewer-tokens`;
const OUTPUTS = {
  'Headend-dev-Media': { RtmpUrl: 'rtmp://ingest.example.com:1935/live' },
  'Headend-dev-Delivery': { PlaybackBaseUrl: 'https://live.example.com', SiteUrl: 'https://live.example.com' },
  'Headend-dev-Control': {
    ApiUrl: 'https://live.example.com/api',
    AdminTokensTable: TEST_TABLES.ADMIN_TOKENS_TABLE,
    SessionsTable: TEST_TABLES.SESSIONS_TABLE,
    ViewerTokenSecretArn: SECRET_ARN,
    ViewerTokenStoreArn: STORE_ARN,
    Region: LOCAL_REGION,
  },
};

let folder: string;
let docker: string;
let account: Awaited<ReturnType<typeof startAwsAccount>>;
let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let secretsManager: Awaited<ReturnType<typeof startStoredSecrets>>;
let keyValueStore: Awaited<ReturnType<typeof startKeyValueStore>>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headend-deploy-'));
  docker = await makeDockerProgram(folder, { architecture: 'aarch64' });
  account = await startAwsAccount({ zones: GOOD_ZONES });
  database = await startTemporaryDynamoDb();
  secretsManager = await startStoredSecrets({ [SECRET_ARN]: '{}' });
  keyValueStore = await startKeyValueStore();
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: database.url,
    ...account.environment,
  });
});
afterEach(async () => {
  await keyValueStore.close();
  await secretsManager.close();
  await database.close();
  await account.close();
  await rm(folder, { recursive: true });
});

const MONITORING_OUTPUTS = { 'Headend-dev-Monitoring': { AlarmTopicArn: 'arn:aws:sns:region:1:topic' } };

/**
 * Runs a command. The CDK CLI, which needs AWS, is replaced by a function that writes the outputs and ends with the exit
 * codes in turn. Like the CLI, it writes no outputs if it fails.
 */
async function run(
  command: 'deploy' | 'diff' | 'destroy',
  args: readonly string[],
  { exitCodes = [] as readonly number[], outputs = OUTPUTS as object, env = {}, probeExitCode = 0 } = {},
) {
  const runs: CdkRun[] = [];
  const steps: string[] = [];
  const written = { stdout: '', stderr: '' };
  let outputsPath: string | undefined;
  const writeTo = (name: keyof typeof written) => ({
    write: (text: string | Uint8Array) => {
      written[name] += text;
      return true;
    },
  });
  const code = await runCloudCommand(command, args, {
    appPath: 'bin/app.ts',
    env: { PATH: '/bin', AWS_REGION: LOCAL_REGION, CDK_DOCKER: docker, ...env },
    stages: [{ name: 'dev' }, { name: 'kept', removalPolicy: 'retain' }, { name: 'large', ladder: '1080p' }],
    contextPath: join(folder, 'cdk.context.json'),
    openAwsClients,
    build: async () => steps.push('build'),
    runCdk: async (cdkRun) => {
      steps.push('cdk');
      const exitCode = exitCodes[runs.length] ?? 0;
      runs.push(cdkRun);
      const index = cdkRun.args.findIndex((arg) => arg === '--outputs-file' || arg === '-O');
      if (index < 0) return exitCode;
      outputsPath = cdkRun.args[index + 1] ?? '';
      const isMonitoring = cdkRun.args.includes('--exclusively');
      if (exitCode === 0) await writeFile(outputsPath, JSON.stringify(isMonitoring ? MONITORING_OUTPUTS : outputs));
      return exitCode;
    },
    openAccessStores,
    syncViewerKeys: async ({ secretArn, storeArn, ...own }) => {
      const secrets = secretsManager.client;
      const stores = { secrets, secretArn, keyValueStore: keyValueStore.client, keyValueStoreArn: storeArn };
      await syncViewerTokenKeys({ ...stores, ...own });
    },
    probeDeployedStage: async ({ stage, profile, adminToken }) => {
      steps.push(`probe ${stage} ${profile} ${adminToken}`);
      return probeExitCode;
    },
    stdout: writeTo('stdout'),
    stderr: writeTo('stderr'),
    now: Date.now,
    randomBytes,
  });
  const [checks = ''] = /^\nChecked before .*?\n\n/s.exec(written.stdout) ?? [];
  const stdout = written.stdout.slice(checks.length);
  return { code, ...written, checks, stdout, steps, runs, cdk: runs[0], outputsPath };
}

const DEV = ['-c', 'stage=dev'];
const CHOICES = ['-c', 'headend:availabilityZones=us-east-1a,us-east-1b', '-c', 'headend:cpuArchitecture=arm64'];
const tokensIn = (text: string): string[] => text.split(/\s+/).filter((word) => SECRET_PATTERN.test(word));

test('the first deployment makes a token that opens the control API, and a link to the studio; the second makes none', async () => {
  const first = await run('deploy', DEV);
  expect([first.code, first.stderr, first.steps]).toEqual([0, '', ['build', 'cdk', 'cdk']]);
  const [token = ''] = tokensIn(first.stdout);
  const api = await startControlApi(database.client, Date.now, { bootstrapHashes: [] });
  expect((await api.call('GET', '/api/streams', { token })).status).toBe(200);
  expect((await api.call('GET', '/api/tokens', { token })).json.tokens).toMatchObject([{ name: 'first' }]);
  const [, secret = ''] = /https:\/\/live\.example\.com\/studio\/#invite=(\S+)/.exec(first.stdout) ?? [];
  const signedIn = await signIn(api, { invite: secret });
  expect([signedIn.status, await signedIn.json()]).toMatchObject([201, { role: 'owner' }]);
  await api.close();

  const second = await run('deploy', DEV);
  expect([second.code, tokensIn(second.stdout)]).toEqual([0, []]);
  expect(second.stdout).not.toContain('#invite');
  expect(second.stdout).toContain('--new-admin-token');
});

test('the edge and the secret get the first key of viewer tokens and keep it', async () => {
  await run('deploy', DEV);
  const [keys] = keyValueStore.values.values();
  expect(parseViewerTokenKeys(keys ?? '').current).toBeTruthy();
  expect(secretsManager.secrets.get(SECRET_ARN)).toBe(keys);
  await run('deploy', DEV);
  expect([...keyValueStore.values.values()]).toEqual([keys]);
});

test('if the keys cannot be copied to the edge, says what to do and makes no token', async () => {
  secretsManager.state.failure = 'AccessDeniedException';
  const { code, stdout, stderr } = await run('deploy', DEV);
  expect([code, tokensIn(stdout)]).toEqual([1, []]);
  expect(stderr).toContain('AccessDeniedException');
  expect(stderr).toContain(`npm run viewer-keys -- sync --secret ${SECRET_ARN} --store ${STORE_ARN}`);
});

test('the CLI deploys the platform with a temporary file for the outputs, and then what only watches it', async () => {
  const { runs, outputsPath = '' } = await run('deploy', [...DEV, '--require-approval', 'never']);
  const app = ['--app', 'node --import tsx bin/app.ts', 'deploy', '--no-notices', '--no-version-reporting'];
  const typed = [...CHOICES, '-c', 'stage=dev', '--require-approval', 'never'];
  expect(runs.map(({ args }) => args)).toEqual([
    [...app, 'Headend-dev-!(*Monitoring*)', '--outputs-file', outputsPath, ...typed],
    [...app, 'Headend-dev-*Monitoring*', '--exclusively', '--outputs-file', outputsPath, ...typed],
  ]);
  for (const { env } of runs) {
    expect(env).toMatchObject({ PATH: '/bin', AWS_REGION: LOCAL_REGION, CDK_DISABLE_VERSION_CHECK: 'true' });
  }
  expect(existsSync(dirname(outputsPath))).toBe(false);
});

test('if monitoring cannot be deployed, the token is made, the exit code is not 0, and the message says what is missing', async () => {
  const { code, stdout, stderr } = await run('deploy', DEV, { exitCodes: [0, 1] });
  expect([code, tokensIn(stdout).length, keyValueStore.values.size]).toEqual([1, 1, 1]);
  expect(stderr).toBe(
    [
      'The stage works, but nobody watches it: its stacks Headend-dev-*Monitoring*, with alarms, dashboard and access logs,',
      'could not all be deployed. The CDK says above why. After that: npm run deploy -- -c stage=dev\n',
    ].join('\n'),
  );
});

test.each([['-O'], ['--outputs-file']])(
  "the user's own file for outputs (%s) has those of all stacks",
  async (option) => {
    const path = join(folder, 'outputs.json');
    const { code, stdout, runs } = await run('deploy', [...DEV, option, path, '--all']);
    expect([code, tokensIn(stdout).length]).toEqual([0, 1]);
    expect(runs.map(({ args }) => args.filter((arg) => [path, '-O', '--all'].includes(arg)))).toEqual([[], []]);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ ...OUTPUTS, ...MONITORING_OUTPUTS });
    await run('deploy', [...DEV, option, path], { exitCodes: [0, 1] });
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(OUTPUTS);
  },
);

test('a lost token can be replaced', async () => {
  await run('deploy', DEV);
  const { code, stdout, cdk } = await run('deploy', [...DEV, '--new-admin-token']);
  expect([code, tokensIn(stdout).length]).toEqual([0, 1]);
  expect(cdk?.args).not.toContain('--new-admin-token');
});

test('a pipeline makes no token and needs no permission to do so', async () => {
  process.env.AWS_ENDPOINT_URL_DYNAMODB = 'http://127.0.0.1:1';
  const { code, stdout, stderr } = await run('deploy', [...DEV, '--no-admin-token']);
  expect([code, stderr, tokensIn(stdout)]).toEqual([0, '', []]);
  expect(stdout).toContain('https://live.example.com/api');
});

test("the CLI's exit code is passed on, and no token is made", async () => {
  const { code, stdout, stderr } = await run('deploy', DEV, { exitCodes: [7] });
  expect([code, stdout, stderr]).toEqual([7, '', '']);
  expect(tokensIn((await run('deploy', DEV)).stdout)).toHaveLength(1);
});

test.each([
  ['deploying a stack by name', ['Media'], /^\nDeployed only the named stacks\. /],
  ['preparing a change set', ['--no-execute'], /^$/],
])('%s is one run of the CLI and makes no token', async (_case, args, shown) => {
  const { code, stdout, stderr, runs } = await run('deploy', [...DEV, ...args], { outputs: {} });
  expect([code, stderr, runs.length]).toEqual([0, '', 1]);
  expect(stdout).toMatch(shown);
});

test('a named stack is not deployed with --all', async () => {
  expect((await run('deploy', [...DEV, 'Media'])).cdk?.args).not.toContain('--all');
  expect((await run('destroy', [...DEV, 'Media'])).cdk?.args).not.toContain('--all');
});

test('missing outputs are an error that names them', async () => {
  const { 'Headend-dev-Media': _missing, ...outputs } = OUTPUTS;
  const { code, stderr } = await run('deploy', DEV, { outputs });
  expect([code, stderr]).toEqual([1, 'The deployed stacks lack the outputs RtmpUrl.\n']);
});

test('without permission to write the token, says what to do and exits with 1', async () => {
  const message = 'User: arn:aws:iam::123456789012:user/ops is not authorized to perform: dynamodb:Scan';
  const denying = await listenOnLoopback(
    createServer((_request, response) => {
      const body = { __type: 'com.amazon.coral.service#AccessDeniedException', message };
      response.writeHead(400, { 'Content-Type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
    }),
  );
  process.env.AWS_ENDPOINT_URL_DYNAMODB = denying.url;
  const { code, stdout, stderr } = await run('deploy', DEV);
  await denying.close();
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(
    /^The stacks are deployed, but no admin token could be made in the table test-admin-tokens in /,
  );
  expect(stderr).toContain(`\n  AccessDeniedException: ${message}\n`);
  expect(stderr).toContain(
    'dynamodb:PutItem on that table and on the table of sessions: npm run deploy -- -c stage=dev\n',
  );
});

test('the token table is reached with the profile of the CLI', async () => {
  const { accessKeyId, secretAccessKey } = LOCAL_CREDENTIALS;
  const keys = [`aws_access_key_id = ${accessKeyId}`, `aws_secret_access_key = ${secretAccessKey}`];
  await writeFile(join(folder, 'credentials'), ['[ops]', ...keys, ''].join('\n'));
  process.env.AWS_SHARED_CREDENTIALS_FILE = join(folder, 'credentials');
  process.env.AWS_CONFIG_FILE = devNull;
  process.env.AWS_EC2_METADATA_DISABLED = 'true';
  delete process.env.AWS_ACCESS_KEY_ID;
  delete process.env.AWS_SECRET_ACCESS_KEY;
  const another = await run('deploy', [...DEV, '--profile', 'nobody']);
  expect([another.code, another.stderr]).toEqual([1, expect.stringContaining(' CredentialsProviderError: ')]);
  const { code, stdout, cdk } = await run('deploy', [...DEV, '--profile', 'ops']);
  expect([code, tokensIn(stdout).length]).toEqual([0, 1]);
  expect(cdk?.args).toEqual(expect.arrayContaining(['--profile', 'ops']));
});

test('the roles of a pipeline are deployed without a build, and the rest to do on GitHub is named', async () => {
  const options = ['--pipeline-role', 'acme/live', '--existing-provider'];
  const { code, stdout, steps, cdk } = await run('deploy', [...DEV, ...options, '--verbose']);
  expect([code, steps, tokensIn(stdout)]).toEqual([0, ['cdk'], []]);
  const context = ['-c', 'pipelineRepository=acme/live', '-c', 'pipelineProvider=existing'];
  expect(cdk?.args.slice(-7)).toEqual([...DEV, '--verbose', ...context]);
  for (const text of ['https://github.com/acme/live', 'AWS_ROLE_ARN', 'AWS_DIFF_ROLE_ARN', 'HEADEND_TOKEN']) {
    expect(stdout).toContain(text);
  }
  expect((await run('deploy', [...DEV, ...options], { exitCodes: [3] })).stdout).toBe('');
  expect((await run('destroy', [...DEV, ...options])).steps).toEqual(['cdk']);
});

describe('--probe', () => {
  test('probes the deployed stage with the token that was just made, and ends with its exit code', async () => {
    const { code, stdout, steps } = await run('deploy', [...DEV, '--probe', '--profile', 'ops'], { probeExitCode: 1 });
    expect([code, steps.at(-1)]).toEqual([1, `probe dev ops ${tokensIn(stdout)[0]}`]);
  });

  test('is no option of the CDK, and nothing is probed without it or after a failed deployment', async () => {
    const good = await run('deploy', [...DEV, '--probe']);
    expect([good.code, good.cdk?.args.includes('--probe')]).toEqual([0, false]);
    const others = [await run('deploy', DEV), await run('deploy', [...DEV, '--probe'], { exitCodes: [1] })];
    expect(others.flatMap(({ steps }) => steps).filter((step) => step.startsWith('probe'))).toEqual([]);
  });

  test('that could have no token is refused before anything is deployed', async () => {
    const args = [...DEV, '--probe', '--no-admin-token'];
    const { code, stderr, steps } = await run('deploy', args);
    expect([code, steps]).toEqual([1, []]);
    expect(stderr).toBe('With --no-admin-token, --probe needs an admin token in HEADEND_TOKEN.\n');
    const given = await run('deploy', args, { env: { HEADEND_TOKEN: generateSecret(randomBytes) } });
    expect([given.code, given.steps.at(-1)]).toEqual([0, 'probe dev null null']);
  });

  test('of a stage whose token was made before needs that token', async () => {
    const output = { stdout: process.stdout, stderr: process.stderr };
    const probe = { stage: 'dev', profile: null, adminToken: null, env: {}, ...output };
    await expect(probeDeployedStage(probe)).rejects.toThrow(
      'not probed, for want of an admin token. Set HEADEND_TOKEN and run: npm run probe -- --stage dev',
    );
  });
});

test.each(['deploy', 'diff', 'destroy'] as const)('%s without a stage builds nothing', async (command) => {
  const { code, stdout, stderr, steps } = await run(command, []);
  expect([code, stdout, steps]).toEqual([1, '', []]);
  expect(stderr).toBe(`Name the stage after npm's two dashes: npm run ${command} -- -c stage=dev\n`);
});

test('zones and architecture are chosen before anything is built, and a later deployment keeps them', async () => {
  const { checks } = await run('deploy', DEV);
  expect(checks).toBe(
    `\nChecked before dev is deployed to us-east-1 in account ${account.state.account}:\n  ok  zones         us-east-1a, us-east-1b, chosen now\n  ok  architecture  arm64, chosen now\n  ok  quotas        Fargate vCPUs, VPCs, Elastic IP addresses, CloudFront cache policies, CloudFront response headers policies\n\n`,
  );
  docker = await makeDockerProgram(folder, { architecture: 'x86_64', operatingSystem: 'Docker Desktop' });
  account.state.zones = [{ name: 'us-east-1-new', id: 'use1-az4' }, ...GOOD_ZONES];
  const { cdk } = await run('deploy', DEV);
  expect(cdk?.args).toEqual(expect.arrayContaining(CHOICES));
});

test('a stage that keeps its data is warned of notices that nobody gets', async () => {
  const { checks, code } = await run('deploy', ['-c', 'stage=kept']);
  expect(code).toBe(0);
  expect(checks).toMatch(
    /\n {2}warning +notices +kept has no alarmEmail: .+\n {2}warning +notices +kept has no monthly/,
  );
});

test('a stage is checked with the architecture that was chosen for it', async () => {
  const { code, stderr, steps } = await run('deploy', ['-c', 'stage=large']);
  expect([code, steps]).toEqual([1, []]);
  expect(stderr).toContain("can't encode a single 1080p broadcast");
  docker = await makeDockerProgram(folder, { architecture: 'x86_64' });
  const { cdk } = await run('deploy', ['-c', 'stage=large']);
  expect(cdk?.args).toContain('headend:cpuArchitecture=x86_64');
});

test('diff compares with what deploy would choose, whatever the quotas, and remembers nothing', async () => {
  account.state.quotas = { 'L-3032A538': 1 };
  expect((await run('diff', DEV)).cdk?.args).toEqual(expect.arrayContaining(CHOICES));
  expect(existsSync(join(folder, 'cdk.context.json'))).toBe(false);
});

test.each<[string, Partial<AwsAccountState>, RegExp]>([
  [
    'too few zones',
    { zones: GOOD_ZONES.slice(1) },
    /^Nothing was deployed\. Mend this first:\n {2}- availabilityZones: /,
  ],
  [
    'a quota that is too small',
    { quotas: { 'L-3032A538': 1 } },
    /^Nothing was deployed\. Mend this first:\n {2}- Fargate vCPUs: .+\n {4}aws service-quotas /,
  ],
  [
    'credentials that AWS does not know',
    { errors: { GetCallerIdentity: 'InvalidClientTokenId' } },
    /^AWS does not accept your credentials: InvalidClientTokenId: /,
  ],
])('with %s, nothing is built or deployed', async (_case, state, message) => {
  Object.assign(account.state, state);
  const { code, stderr, steps } = await run('deploy', DEV);
  expect([code, steps]).toEqual([1, []]);
  expect(stderr).toMatch(message);
  expect(existsSync(join(folder, 'cdk.context.json'))).toBe(false);
});

test.each([
  ['diff', CHOICES],
  ['destroy', ['--all']],
] as const)('%s builds and passes everything on', async (command, added) => {
  const { code, steps, cdk } = await run(command, [...DEV, '--verbose'], { exitCodes: [3] });
  expect([code, steps]).toEqual([3, ['build', 'cdk']]);
  const start = ['--app', 'node --import tsx bin/app.ts', command, '--no-notices', '--no-version-reporting'];
  expect(cdk?.args).toEqual([...start, ...added, '-c', 'stage=dev', '--verbose']);
});

test('help needs no stage and includes Headend’s own options', async () => {
  const { code, stdout, steps, cdk } = await run('deploy', ['--help']);
  expect([code, steps, cdk?.args]).toEqual([0, ['cdk'], ['deploy', '--help']]);
  expect(stdout).toMatch(/--new-admin-token .+\n +--no-admin-token .+\n +--pipeline-role OWNER\/REPO\n/);
});
