import { PROCESS_ENVIRONMENTS } from '#domain/environment.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import { parseEdgeOptions } from '#scripts/local/edge-options.ts';
import { LOCAL_TABLE_NAMES } from '#scripts/local/local-tables.ts';
import { listeningPorts, parsePublishedPort, readCompose, SERVICE_NAMES } from '#test/support/compose.ts';

const compose = readCompose();
const { encoder, edge } = compose.services;
const edgeOptions = parseEdgeOptions(edge.command.slice(3));

test('the encoder gets every variable that it reads, and those of an event bus', () => {
  expect(Object.keys(encoder.environment)).toEqual(
    expect.arrayContaining([...PROCESS_ENVIRONMENTS.encoder, ...PROCESS_ENVIRONMENTS['encoder with an event bus']]),
  );
});

test('the encoder shares table, region and credentials with the edge', () => {
  expect(encoder.environment).toMatchObject({
    LIVE_TABLE: LOCAL_TABLE_NAMES.LIVE_TABLE,
    AWS_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
  });
});

test('the encoder is the image of npm run build, locked down as it is in the cloud', () => {
  expect(encoder).toMatchObject({
    build: '../dist/encoder',
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    stop_grace_period: '120s',
  });
  // The image has a user of its own, who is not root.
  expect(encoder.user).toBeUndefined();
});

test('the edge is npm run edge, without a way to change the source', () => {
  expect(edge.command.slice(0, 3)).toEqual(['node', 'scripts/run.mjs', 'edge']);
  expect(edge.volumes).toContain(`..:${edge.working_dir}:ro`);
  expect(edge.volumes.map((volume) => volume.split(':')[1])).toContain(edgeOptions.dataDir);
});

test('images have a version', () => {
  const images = SERVICE_NAMES.flatMap((name) => compose.services[name].image ?? []);
  expect(images).toHaveLength(2);
  for (const image of images) expect(image).toMatch(/:\d/);
});

test('only this machine reaches what is published, at the addresses that users are told', () => {
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

test.each(SERVICE_NAMES)('%s names only volumes that there are, and gains no privileges', (name) => {
  const { volumes, security_opt } = compose.services[name];
  const named = volumes.map((volume) => volume.split(':')[0]).filter((source) => source !== '..');
  expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(named));
  expect(security_opt).toEqual(['no-new-privileges:true']);
});
