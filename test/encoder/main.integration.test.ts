import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { RtmpClient } from '#kit/rtmp-client.ts';
import { freePort, isListening } from '#kit/tcp-ports.ts';
import { waitFor } from '#kit/wait-for.ts';
import { bundleEncoder } from '#scripts/bundle.ts';
import { useLocalAws } from '#scripts/local/aws-environment.ts';

/** Nothing listens there. Without a publish, the encoder calls no service. */
const NOBODY = 'http://127.0.0.1:9';
const ENVIRONMENT = {
  LOG_LEVEL: 'warn',
  LIVE_TABLE: 'live',
  EVENTS_TABLE: 'events',
  TASKS_TABLE: 'tasks',
  INGEST_AUTH_FUNCTION: 'ingest-auth',
  LISTEN_HOST: '127.0.0.1',
  RTMP_PORT: '0',
  HTTP_PORT: '0',
  INTERNAL_PORT: '0',
  STOP_TIMEOUT_SECONDS: '10',
  DRAIN_MINUTES: '0',
  RECONNECT_WINDOW_SECONDS: '30',
  CAPACITY_VCPUS: '4',
};

let folder: string;
let programPath: string;
let encoder: ChildProcess | null = null;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headend-encoder-'));
  programPath = (await bundleEncoder(folder)).path;
});
afterEach(() => encoder?.kill('SIGKILL'));
afterAll(() => rm(folder, { recursive: true }));

/** `ended` resolves to how the process ended and what it wrote to its log. */
function start(environment: NodeJS.ProcessEnv = {}) {
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, ...ENVIRONMENT, ...environment };
  useLocalAws(env, { dynamoDbUrl: NOBODY, lambdaUrl: NOBODY, cloudFrontUrl: NOBODY });
  const child = spawn(process.execPath, [programPath], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  encoder = child;
  if (child.stderr === null) throw new Error('the encoder has no standard error');
  const ended = Promise.all([once(child, 'exit'), text(child.stderr)]).then(([[code], log]) => ({ code, log }));
  return { child, ended };
}

const METRICS = { METRICS_NAMESPACE: 'Headend', METRICS_STAGE: 'test' };

test.each([
  [{ CAPACITY_VCPUS: '0' }, 'CAPACITY_VCPUS must be a number from 0.1 to 256 with at most three decimals, not "0"'],
  [{ METRICS_NAMESPACE: 'Headend' }, 'METRICS_STAGE is missing, but METRICS_NAMESPACE is set'],
])('with %j the encoder does not start, and says why', async (environment, reason) => {
  const { code, log } = await start(environment).ended;
  expect(code).toBe(1);
  expect(log).toContain(reason);
});

test.each([
  { metrics: METRICS, violations: 1 },
  { metrics: {}, violations: 0 },
])(
  'with the variables $metrics, metrics count $violations violations after SIGTERM',
  async ({ metrics, violations }) => {
    const { child, ended } = start(metrics);
    const [{ rtmpPort }] = (await once(child, 'message')) as [{ rtmpPort: number }];
    const client = await RtmpClient.open(rtmpPort);
    client.socket.resume();
    client.socket.write('GET / HTTP/1.1\r\n\r\n');
    await client.closed;
    child.kill('SIGTERM');
    const { code, log } = await ended;
    expect(code).toBe(0);
    const counted = log
      .split('\n')
      .filter((line) => line.includes('"_aws"'))
      .map((line) => JSON.parse(line).RtmpViolations as number);
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(violations);
  },
);

/** Puts a script before FFmpeg in the PATH, which runs a command first. Returns the PATH. */
async function prefixFfmpeg(shellCommand: string): Promise<string> {
  const path = join(folder, 'ffmpeg');
  await writeFile(path, `#!/bin/sh\n${shellCommand}\nPATH=\${PATH#*:} exec ffmpeg "$@"\n`);
  await chmod(path, 0o755);
  return `${folder}:${process.env.PATH}`;
}

test('the health check waits until the task accepts publishers', async () => {
  // It accepts none before FFmpeg has said what it can decode.
  const [askedPath, answerPath] = [join(folder, 'asked'), join(folder, 'answer')];
  const PATH = await prefixFfmpeg(`: >${askedPath}; while [ ! -e ${answerPath} ]; do sleep 0.05; done`);
  const httpPort = await freePort();
  const { child } = start({ PATH, HTTP_PORT: String(httpPort) });
  await waitFor('the question to FFmpeg', () => existsSync(askedPath));
  expect(await isListening(httpPort)).toBe(false);
  const ready = once(child, 'message') as Promise<[{ rtmpPort: number }]>;
  await writeFile(answerPath, '');
  const [{ rtmpPort }] = await ready;
  expect([await isListening(rtmpPort), await isListening(httpPort)]).toEqual([true, true]);
});

test('a second signal does not cut the end short', async () => {
  const PATH = await prefixFfmpeg('kill -INT $PPID; sleep 0.2; kill -INT $PPID');
  const { code, log } = await start({ PATH, LOG_LEVEL: 'info' }).ended;
  expect(code).toBe(0);
  expect(log).toMatch(/"reason":"SIGINT","isDrain":false,"msg":"stopping"/);
});

test.each([
  ['SIGTERM', (child: ChildProcess) => child.kill('SIGTERM'), 'SIGTERM', true],
  ['SIGINT', (child: ChildProcess) => child.kill('SIGINT'), 'SIGINT', false],
  ['the end of its parent', (child: ChildProcess) => child.disconnect(), 'the platform has gone', false],
])('a task without streams stops on %s, and says whether it drains', async (_name, stop, reason, isDrain) => {
  const { child, ended } = start({ LOG_LEVEL: 'info' });
  const messages: unknown[] = [];
  child.on('message', (message) => messages.push(message));
  await once(child, 'message');
  stop(child);
  const { code, log } = await ended;
  expect(code).toBe(0);
  expect(log).toContain(`"reason":"${reason}","isDrain":${isDrain},"msg":"stopping"`);
  const ports = { rtmpPort: expect.any(Number), httpPort: expect.any(Number), internalPort: expect.any(Number) };
  expect(messages).toEqual([ports, ...(isDrain ? [{ draining: true }] : [])]);
});

test('a task that gets SIGTERM while it starts shuts down in order', async () => {
  // A task first runs FFmpeg to ask what it can decode. That is before it accepts publishers.
  const PATH = await prefixFfmpeg('kill -TERM $PPID');
  const { code, log } = await start({ PATH, LOG_LEVEL: 'info' }).ended;
  expect(code).toBe(0);
  expect(log).toMatch(/"reason":"SIGTERM","isDrain":true,"msg":"stopping"/);
});
