import { createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { generateSecret } from '#domain/stream-ids.ts';
import { makeClip } from '#kit/clip.ts';
import { startPublisher } from '#kit/publisher.ts';
import { rememberSecret } from '#kit/secrets.ts';
import { waitFor } from '#kit/wait-for.ts';
import { type ListeningServer, listenOnLoopback, readBody } from '#scripts/local/http-server.ts';
import { closeTestPlatforms, runStart, startTestPlatform, type TestPlatform } from '#test/support/platform.ts';

const PLAYBACK_ID = 'abcdefghijklmnop';

const secret = generateSecret(randomBytes);
const goodKey = generateSecret(randomBytes);
/** What the backend was asked, with a right signature. */
const askedKeys: string[] = [];
let backend: ListeningServer;
let platform: TestPlatform;
let clipPath: string;

beforeAll(async () => {
  for (const each of [secret, goodKey]) rememberSecret(each);
  backend = await listenOnLoopback(
    createServer(async (request, response) => {
      const body = String(await readBody(request, 10_000));
      const signed = `${request.headers['headend-timestamp']}.${body}`;
      if (request.headers['headend-signature'] !== createHmac('sha256', secret).update(signed).digest('hex')) {
        return void response.writeHead(500).end();
      }
      const { streamKey } = JSON.parse(body) as { streamKey: string };
      askedKeys.push(streamKey);
      if (streamKey !== goodKey) return void response.writeHead(403).end();
      response.end(JSON.stringify({ streamId: 'friday-talk', playbackId: PLAYBACK_ID, ladder: '360p' }));
    }),
  );
  clipPath = await makeClip({ width: 320, height: 180, seconds: 8, videoKbps: 300 });
  const environment = { PUBLISH_MODE: 'webhook', WEBHOOK_URL: `${backend.url}/publish`, WEBHOOK_SECRET: secret };
  platform = await startTestPlatform({ environment });
});
afterAll(() => closeTestPlatforms().finally(() => backend.close()));

const publish = (key: string) => startPublisher({ clipPath, rtmpUrl: `${platform.rtmpUrl}/${key}` });

test('a backend decides who may publish on this machine too', async () => {
  const wrongKey = generateSecret(randomBytes);
  const refused = await (await publish(wrongKey)).exited;
  expect(refused.code).not.toBe(0);
  expect(refused.stderrTail).toMatch(/stream key/i);

  const publisher = await publish(goodKey);
  await waitFor('the stream that the backend named', async () => {
    const { status } = await fetch(`${platform.playbackBaseUrl}/live/${PLAYBACK_ID}/master.m3u8`);
    return status === 200;
  });
  await publisher.stop();
  expect(askedKeys).toEqual([wrongKey, goodKey]);
});

test('with no stream of its own, it shows visitors the control API', async () => {
  const response = await fetch(platform.playbackBaseUrl, { redirect: 'manual' });
  expect(response.headers.get('location')).toBe('/api/docs');
});

test.each([
  ['an address that is none', { WEBHOOK_URL: 'backend' }, /WEBHOOK_URL must be an https URL/, []],
  ['too short a secret', { WEBHOOK_SECRET: 'short' }, /WEBHOOK_SECRET must have at least 32 characters/, []],
  ['a demo, whose key no backend knows', {}, /^--demo has no key/, ['--demo']],
])('%s is refused with one line', async (_case, changes, message, args) => {
  const environment = { PUBLISH_MODE: 'webhook', WEBHOOK_URL: backend.url, WEBHOOK_SECRET: secret, ...changes };
  const dataDir = `${platform.dataDir}/another`;
  const ports = ['--http-port', '0', '--rtmp-port', '0', '--data-dir', dataDir];
  const { code, stderr } = await runStart([...ports, ...args], environment);
  expect([code, stderr.trim().split('\n').length]).toEqual([1, 1]);
  expect(stderr).toMatch(message);
});
