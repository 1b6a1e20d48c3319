import { createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { generateSecret } from '#domain/stream-ids.ts';
import { rememberSecret } from '#kit/secrets.ts';
import { type ListeningServer, listenOnLoopback, readBody } from '#scripts/local/http-server.ts';
import { publish, waitUntilPlayable } from '#test/support/broadcast.ts';
import {
  closeTestPlatforms,
  FREE_PORTS,
  runStart,
  startTestPlatform,
  type TestPlatform,
} from '#test/support/platform.ts';

const PLAYBACK_ID = 'abcdefghijklmnop';

const secret = generateSecret(randomBytes);
const goodKey = generateSecret(randomBytes);
/** Keys of the requests to the backend whose signature was right. */
const askedKeys: string[] = [];
let backend: ListeningServer;
let platform: TestPlatform;

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
  const environment = { PUBLISH_MODE: 'webhook', WEBHOOK_URL: `${backend.url}/publish`, WEBHOOK_SECRET: secret };
  platform = await startTestPlatform({ environment });
});
afterAll(() => closeTestPlatforms().finally(() => backend.close()));

test('the local platform asks a backend who may publish', async () => {
  const wrongKey = generateSecret(randomBytes);
  const refused = await (await publish(`${platform.rtmpUrl}/${wrongKey}`)).exited;
  expect(refused.code).not.toBe(0);
  expect(refused.stderrTail).toMatch(/stream key/i);

  const publisher = await publish(`${platform.rtmpUrl}/${goodKey}`);
  await waitUntilPlayable({ liveUrl: `${platform.playbackBaseUrl}/live/${PLAYBACK_ID}` });
  await publisher.stop();
  expect(askedKeys).toEqual([wrongKey, goodKey]);
});

test('visitors of the root see the control API, since the platform has no stream of its own', async () => {
  const response = await fetch(platform.playbackBaseUrl, { redirect: 'manual' });
  expect(response.headers.get('location')).toBe('/api/docs');
});

test.each([
  ['an invalid backend URL', { WEBHOOK_URL: 'backend' }, /WEBHOOK_URL must be an https URL/, []],
  ['a demo, whose key the backend does not know', {}, /^--demo does not work with PUBLISH_MODE=webhook/, ['--demo']],
])('%s is refused with one line', async (_case, changes, message, args) => {
  const environment = { PUBLISH_MODE: 'webhook', WEBHOOK_URL: backend.url, WEBHOOK_SECRET: secret, ...changes };
  const dataDir = `${platform.dataDir}/another`;
  const { code, stderr } = await runStart([...FREE_PORTS, '--data-dir', dataDir, ...args], environment);
  expect([code, stderr.trim().split('\n').length]).toEqual([1, 1]);
  expect(stderr).toMatch(message);
});
