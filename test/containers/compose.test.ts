import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { PORTS } from '#domain/ports.ts';
import { readEncoderEnvironment } from '#encoder/encoder-environment.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import { makeComposeEnvironment } from '#scripts/local/compose-environment.ts';
import { parseEdgeOptions } from '#scripts/local/edge-options.ts';
import { LOCAL_TABLE_NAMES } from '#scripts/local/local-tables.ts';
import { listeningPorts, parsePublishedPort, readCompose, SERVICE_NAMES } from '#test/support/compose.ts';

const compose = readCompose();
const { encoder, edge } = compose.services;
const edgeOptions = parseEdgeOptions(edge.command.slice(3));

test('the encoder gets the variables that it needs, and an event bus', () => {
  expect(readEncoderEnvironment(encoder.environment)).toMatchObject({ EVENT_BUS_NAME: 'headend' });
});

test('the encoder listens on the same ports as in the cloud, and gets the time to stop that it knows of', () => {
  const { RTMP_PORT, HTTP_PORT, INTERNAL_PORT, STOP_TIMEOUT_SECONDS } = readEncoderEnvironment(encoder.environment);
  expect([RTMP_PORT, HTTP_PORT, INTERNAL_PORT]).toEqual([PORTS.rtmp, PORTS.originTask, PORTS.internalTask]);
  expect(encoder.stop_grace_period).toBe(`${STOP_TIMEOUT_SECONDS}s`);
});

test('the encoder uses the same tables, region and credentials as the edge', () => {
  expect(encoder.environment).toMatchObject({
    LIVE_TABLE: LOCAL_TABLE_NAMES.LIVE_TABLE,
    TASKS_TABLE: LOCAL_TABLE_NAMES.TASKS_TABLE,
    EVENTS_TABLE: LOCAL_TABLE_NAMES.EVENTS_TABLE,
    STREAMS_TABLE: LOCAL_TABLE_NAMES.STREAMS_TABLE,
    AWS_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
  });
});

test('what stands in for AWS has names that it answers to, and a secret that is in no file of the project', async () => {
  const services = ['DYNAMODB', 'LAMBDA', 'EVENTBRIDGE'].map((name) => encoder.environment[`AWS_ENDPOINT_URL_${name}`]);
  for (const url of services) expect(new URL(url ?? '').hostname).toBe(edgeOptions.hostName);
  const outDir = await mkdtemp(join(tmpdir(), 'headend-compose-'));
  const path = await makeComposeEnvironment(join(outDir, 'dist'), randomBytes);
  for (const { env_file, environment } of [encoder, edge]) {
    expect(env_file).toEqual([`../dist/${basename(path)}`]);
    expect(Object.keys(environment)).not.toContain('AWS_SECRET_ACCESS_KEY');
  }
  await rm(outDir, { recursive: true });
});

test('the encoder is the image that npm run build prepares, with the same restrictions as in the cloud', () => {
  expect(encoder).toMatchObject({
    build: '../dist/encoder',
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
  });
  // The image sets a user that is not root.
  expect(encoder.user).toBeUndefined();
});

test('the edge is npm run edge, and cannot change the source', () => {
  expect(edge.command.slice(0, 3)).toEqual(['node', 'scripts/run.mjs', 'edge']);
  expect(edge.volumes).toContain(`..:${edge.working_dir}:ro`);
  expect(edge.volumes.map((volume) => volume.split(':')[1])).toContain(edgeOptions.dataDir);
});

test('images have a version', () => {
  const images = SERVICE_NAMES.flatMap((name) => compose.services[name].image ?? []);
  expect(images).toHaveLength(1);
  for (const image of images) expect(image).toMatch(/:\d/);
});

test('published ports are reachable from this machine only, at the addresses that users see', () => {
  const published = SERVICE_NAMES.flatMap((name) =>
    compose.services[name].ports.map((port) => ({ name, ...parsePublishedPort(port) })),
  );
  for (const { name, host, containerPort } of published) {
    expect(host).toBe('127.0.0.1');
    expect(listeningPorts(compose, name)).toContain(containerPort);
  }
  const addresses = published.map(({ host, hostPort }) => `${host}:${hostPort}`);
  expect(addresses).toEqual([new URL(edgeOptions.rtmpUrl).host, new URL(edgeOptions.playbackBaseUrl).host]);
});

test.each(SERVICE_NAMES)('%s uses only volumes that are declared, and gains no privileges', (name) => {
  const { volumes, security_opt } = compose.services[name];
  const named = volumes.map((volume) => volume.split(':')[0]).filter((source) => source !== '..');
  expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(named));
  expect(security_opt).toEqual(['no-new-privileges:true']);
});
