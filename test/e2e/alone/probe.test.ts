import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { generateSecret } from '#domain/stream-ids.ts';
import { rememberSecret } from '#kit/secrets.ts';
import { waitFor } from '#kit/wait-for.ts';
import { type ListeningServer, listenOnLoopback } from '#scripts/local/http-server.ts';
import { readRunningPlatform, writeRunningPlatform } from '#scripts/local/running-platform.ts';
import { CHECKS } from '#scripts/probe/checks.ts';
import { type ChangeHeaders, startChangingProxy } from '#test/support/changing-proxy.ts';
import { childPids, closeTestPlatforms, startTestPlatform, type TestPlatform } from '#test/support/platform.ts';
import { beginProbe, type ProbeRun, probe } from '#test/support/probe-cli.ts';
import { makeSelfSignedCertificate, type SelfSignedCertificate } from '#test/support/self-signed-certificate.ts';

/** Short, and without a limit for the delay: other tests may have the CPU. */
const QUICK = ['--seconds', '4', '--max-delay', '60'];

let platform: TestPlatform;
let folder: string;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  platform = await startTestPlatform();
  folder = await mkdtemp(join(tmpdir(), 'headend-probe-test-'));
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
afterAll(() => closeTestPlatforms().finally(() => rm(folder, { recursive: true })));

async function listening(starting: Promise<ListeningServer>): Promise<ListeningServer> {
  const server = await starting;
  closers.push(() => server.close());
  return server;
}

/** Probes the platform like a stage whose outputs are these. Nothing listens where the origin should be out of reach. */
async function probeStage(
  outputs: Readonly<Record<string, string>>,
  args: readonly string[],
  environment = {},
): Promise<ProbeRun> {
  const { apiUrl, rtmpUrl, playbackBaseUrl, adminToken } = platform;
  const path = join(folder, `outputs-${++outputFiles}.json`);
  const unused = { AdminTokensTable: 'x', ViewerTokenSecretArn: 'x', ViewerTokenStoreArn: 'x', Region: 'eu-west-1' };
  const urls = { ApiUrl: apiUrl, SiteUrl: playbackBaseUrl, PlaybackBaseUrl: playbackBaseUrl, RtmpUrl: rtmpUrl };
  const stack = { ...unused, ...urls, OriginUrl: 'http://origin.invalid', ...outputs };
  await writeFile(path, JSON.stringify({ 'Headend-dev-Control': stack }));
  return probe(['--stage', 'dev', '--outputs', path, ...QUICK, ...args], {
    HEADEND_TOKEN: adminToken,
    ...environment,
  });
}
let outputFiles = 0;

const streamTitles = async (): Promise<string[]> => {
  const { streams } = (await (await platform.callApi('GET', '/streams')).json()) as { streams: { title: string }[] };
  return streams.map(({ title }) => title);
};

test('nothing is wrong with a running platform, and the probe leaves nothing behind', async () => {
  const { code, stderr, results, wrong } = await probe([
    '--local',
    '--data-dir',
    platform.dataDir,
    ...QUICK.with(1, '8'),
  ]);
  expect(wrong).toEqual({});
  expect([code, stderr.match(/^Publishing by RTMP/gm)?.length]).toEqual([0, 2]);
  const notOffered = Object.keys(results).filter((check) => results[check] === 'not offered');
  expect(Object.keys(results)).toEqual(CHECKS.map(({ name }) => name));
  expect(notOffered).toEqual(expect.arrayContaining(['alarm-topic', 'picture/rtmps', 'wrong-key/rtmps']));
  expect(notOffered).toHaveLength(5);
  expect(await streamTitles()).toEqual(['My stream']);
});

test('a probe that is interrupted ends its broadcast and deletes its stream', async () => {
  const { child, finished } = beginProbe(['--local', '--data-dir', platform.dataDir, '--seconds', '300']);
  await waitFor('the probe on air', async () => (await childPids(child.pid ?? 0)).length > 0);
  await waitFor('its stream', async () => (await streamTitles()).length > 1);
  const children = await childPids(child.pid ?? 0);
  child.kill('SIGINT');
  const { code, stderr } = await finished;
  expect([code, stderr]).toEqual([1, expect.stringContaining('Interrupted')]);
  expect(await streamTitles()).toEqual(['My stream']);
  for (const pid of children) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

/** Ends TLS in front of the platform's RTMP port, like the load balancer. Resolves to the address to publish to. */
async function startTlsListener(certificate: SelfSignedCertificate): Promise<string> {
  const server = createTlsServer(certificate, (socket) => {
    const upstream = connect(platform.rtmpPort, '127.0.0.1');
    socket.pipe(upstream).pipe(socket);
    socket.once('error', () => upstream.destroy());
    upstream.once('error', () => socket.destroy());
  });
  await once(server.listen(0, 'localhost'), 'listening');
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return `rtmps://localhost:${(server.address() as AddressInfo).port}/live`;
}

test('a stage with RTMPS is published to over TLS, and its certificate must be valid', async () => {
  const certificate = makeSelfSignedCertificate();
  const RtmpsUrl = await startTlsListener(certificate);
  const trustedFile = join(folder, 'trusted.pem');
  await writeFile(trustedFile, certificate.cert);
  const only = ['--only', 'wrong-key/rtmps', '--only', 'picture/rtmps'];
  const [untrusted, trusted] = await Promise.all([
    probeStage({ RtmpsUrl }, ['--only', 'wrong-key/rtmps']),
    probeStage({ RtmpsUrl }, only, { NODE_EXTRA_CA_CERTS: trustedFile }),
  ]);
  expect(untrusted.wrong).toEqual({ 'wrong-key/rtmps': expect.stringMatching(/self.signed/) });
  expect([trusted.code, trusted.results]).toEqual([0, { 'wrong-key/rtmps': 'ok', 'picture/rtmps': 'ok' }]);
});

const isPath = (path: string, end: string): boolean => path.split('?', 1)[0]?.endsWith(end) === true;
/** Playlists are kept for too long, and media has no CORS header. */
const spoil: ChangeHeaders = (headers, path) => {
  if (isPath(path, 'media.m3u8')) return { ...headers, 'cache-control': 'public, max-age=60' };
  const { 'access-control-allow-origin': _missing, ...others } = headers;
  return isPath(path, '.m4s') ? others : headers;
};

/** A probe of the platform, with another server in the place of its encoder. */
async function probeWithEncoder(url: string): Promise<ProbeRun> {
  const running = await readRunningPlatform(platform.dataDir);
  if (running === null) throw new Error('the platform does not run');
  await writeRunningPlatform(folder, { ...running, originUrls: [url] });
  const environment = { HEADEND_TOKEN: platform.adminToken };
  return probe(['--local', '--data-dir', folder, ...QUICK, '--only', 'origin'], environment);
}

test('each fault is found out by the check that is for it, and by no other', async () => {
  const open = await listening(listenOnLoopback(createServer((_request, response) => response.end('#EXTM3U\n'))));
  const { host } = new URL(open.url);
  const edge = await listening(startChangingProxy(platform.playbackBaseUrl, spoil));
  const [spoilt, reachable, unguarded] = await Promise.all([
    probeStage({ PlaybackBaseUrl: edge.url }, ['--only', 'cache-control', '--only', 'cors']),
    probeStage({ OriginUrl: open.url }, ['--only', 'origin', '--only', 'wrong-key']),
    probeWithEncoder(open.url),
  ]);
  const tooLong = 'public, max-age=60';
  expect([spoilt.code, spoilt.wrong]).toEqual([
    1,
    {
      'cache-control/media-playlist': tooLong,
      'cache-control/blocking-playlist': tooLong,
      'cors/allow-origin': 'part: none; segment: none',
    },
  ]);
  expect([reachable.code, reachable.wrong]).toEqual([1, { origin: "connected to the origin's load balancer" }]);
  expect([unguarded.code, unguarded.wrong]).toEqual([
    1,
    { origin: `${host} answers master.m3u8: 200; ${host} answers status.json: 200` },
  ]);
});

test('a platform that accepts any stream key is found out', async () => {
  const secret = generateSecret(randomBytes);
  rememberSecret(secret);
  const stream = JSON.stringify({ streamId: 'anybody', playbackId: 'abcdefghijklmnop', ladder: '360p' });
  const backend = await listening(listenOnLoopback(createServer((_request, response) => response.end(stream))));
  const environment = { PUBLISH_MODE: 'webhook', WEBHOOK_URL: `${backend.url}/publish`, WEBHOOK_SECRET: secret };
  const permissive = await startTestPlatform({ environment });
  const { code, wrong } = await probe(['--local', '--data-dir', permissive.dataDir, '--only', 'wrong-key']);
  expect([code, Object.keys(wrong)]).toEqual([1, ['wrong-key/rtmp']]);
  expect(wrong['wrong-key/rtmp']).toContain('NetStream.Publish.Start');
});
