import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rememberSecret } from '#kit/secrets.ts';
import { waitFor } from '#kit/wait-for.ts';
import { buildArtifacts } from '#scripts/build-artifacts.ts';
import { makeComposeEnvironment } from '#scripts/local/compose-environment.ts';
import { publish, waitUntilPlayable } from '#test/support/broadcast.ts';
import { composeOnLoopback, parseEnvironmentFile, readCompose } from '#test/support/compose.ts';
import { followEvents } from '#test/support/event-reader.ts';

/** Where the encoder finds each service of AWS. */
const AWS_VARIABLES = ['DYNAMODB', 'LAMBDA', 'EVENTBRIDGE'].map((service) => `AWS_ENDPOINT_URL_${service}`);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A process in place of a container, and its output so far. */
interface Service {
  readonly child: ChildProcess;
  readonly output: { text: string };
}

const services: Service[] = [];
let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'headend-compose-'));
});
afterAll(async () => {
  await Promise.all(services.map((service) => stop(service, 'SIGKILL')));
  await rm(dataDir, { recursive: true, force: true });
});

/** Starts a process with nothing but PATH and the variables of compose.yaml. */
function run(command: readonly string[], environment: Readonly<Record<string, string>> = {}): Service {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output.text += chunk;
    });
  }
  const service = { child, output };
  services.push(service);
  return service;
}

/** Resolves to the exit code. */
async function stop({ child }: Service, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
  return child.exitCode;
}

/** Resolves to what a service writes after a label. Rejects with its output if it ends before. */
async function written({ child, output }: Service, label: RegExp): Promise<string> {
  return waitFor(`${label}`, () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${output.text}`);
    return label.exec(output.text)?.[1];
  });
}

/** Starts the services as compose.yaml says, on free ports. */
async function composeUp() {
  const compose = readCompose();
  const rewrite = await composeOnLoopback(compose);
  const { encoderDir } = await buildArtifacts(join(dataDir, 'dist'));
  const secrets = parseEnvironmentFile(
    await readFile(await makeComposeEnvironment(join(dataDir, 'dist'), randomBytes), 'utf8'),
  );
  const edgeCommand = compose.services.edge.command.map((argument) =>
    rewrite('edge', argument).replace(/^--data-dir=.*/, `--data-dir=${join(dataDir, 'edge')}`),
  );
  const variables = Object.entries(compose.services.encoder.environment);
  const encoderEnvironment = Object.fromEntries(variables.map(([name, value]) => [name, rewrite('encoder', value)]));
  // Containers start together, and wait for those that they need.
  const edge = run(edgeCommand, secrets);
  const encoder = run(['node', join(encoderDir, 'main.mjs')], { ...secrets, ...encoderEnvironment });
  return { edge, encoder, awsUrls: AWS_VARIABLES.map((name) => encoderEnvironment[name] ?? '') };
}

/** Publishes a stream that needs a viewer token, and plays it with one. */
async function playProtected(origin: string, server: string, adminToken: string): Promise<void> {
  const post = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' };
    const answer = await fetch(`${origin}/api${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(answer.status).toBe(201);
    return answer.json();
  };
  const stream = await post('/streams', { title: 'Protected', playback: 'token' });
  rememberSecret(stream.streamKey);
  const { url } = await post(`/streams/${stream.id}/viewer-tokens`, {});
  const publisher = await publish(`${server}/${stream.streamKey}`);
  await waitUntilPlayable({ liveUrl: url.replace(/\/master\.m3u8$/, '') });
  await publisher.stop();
}

test('with the settings of compose.yaml, viewers get a stream from the encoder through the edge', async () => {
  const { edge, encoder, awsUrls } = await composeUp();
  const watchUrl = new URL(await written(edge, /Watch +(\S+)/));
  const [server, streamKey, adminToken] = await Promise.all([
    written(edge, /Server +(\S+)/),
    written(edge, /Stream Key +(\S+)/),
    written(edge, /admin token (\S+)\)/),
  ]);
  expect((await fetch(watchUrl)).headers.get('content-type')).toMatch(/^text\/html/);
  const events = await followEvents(`${watchUrl.origin}/api/events`, adminToken);
  await written(encoder, /"msg":"(ready)"/);
  // On Linux, every user of the machine can connect to containers.
  for (const url of awsUrls) expect((await fetch(url, { method: 'POST' })).status).toBe(403);

  const publisher = await publish(`${server}/${streamKey}`);
  const liveUrl = `${watchUrl.origin}/live/${watchUrl.pathname.split('/').at(-1)}`;
  const [rendition = ''] = /^.*media\.m3u8$/m.exec(await waitUntilPlayable({ liveUrl })) ?? [];
  expect((await fetch(`${liveUrl}/${rendition}`)).status).toBe(200);
  await waitFor('its event', () => events.events.find(({ type }) => type === 'stream.live'));

  events.close();
  await publisher.stop();
  await playProtected(watchUrl.origin, server, adminToken);
  expect(await stop(encoder, 'SIGTERM')).toBe(0);
  expect(await stop(edge, 'SIGTERM')).toBe(0);
});
