import { randomBytes } from 'node:crypto';
import { generatePlaybackId } from '#domain/stream-ids.ts';
import { isViewerTokenValid } from '#domain/viewer-tokens.ts';
import { makeStreamRecord } from '#kit/stream-record.ts';
import { hmacSha256 } from '#runtime/viewer-token-keys.ts';
import { TEST_VIEWER_TOKEN_KEYS } from '#test/support/control-api.ts';
import { callStreamCli, startCliApi } from './stream-cli.ts';

let api: Awaited<ReturnType<typeof startCliApi>>;
beforeAll(async () => {
  api = await startCliApi();
});
afterAll(() => api.close());

const call = (...args: string[]) => callStreamCli(args, api.environment);

async function makeProtected() {
  const playbackId = generatePlaybackId('token', randomBytes);
  const stream = makeStreamRecord({ playback: 'token', playbackId });
  await api.streams.create(stream);
  return stream;
}

test('viewer-token prints two addresses and when they expire', async () => {
  const { id, playbackId } = await makeProtected();
  const { code, stdout, stderr } = await call('viewer-token', id);
  expect([code, stderr]).toEqual([0, '']);
  const [, token = ''] = /^Watch {5}http:\/\/127\.0\.0\.1:8080\/watch\/\S+#token=(\S+)$/m.exec(stdout) ?? [];
  expect(stdout).toMatch(/^Expires {3}\d{4}-\S+Z$/m);
  expect(stdout).toContain(`\nPlaylist  http://127.0.0.1:8080/t/${token}/live/${playbackId}/master.m3u8\n`);
  const presented = { token, playbackId, keys: TEST_VIEWER_TOKEN_KEYS, nowMs: Date.now() };
  expect(isViewerTokenValid(presented, hmacSha256)).toBe(true);
});

test("--ttl sets the lifetime, and JSON is the API's answer", async () => {
  const { id } = await makeProtected();
  const { stdout } = await call('viewer-token', id, '--ttl', '86400', '--json');
  const { token, url, watchUrl, expiresAt } = JSON.parse(stdout);
  expect(url).toContain(token);
  expect(watchUrl).toContain(`#token=${token}`);
  expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now() + 86_000_000);
});

test("a refusal is printed in the API's words", async () => {
  const { id } = await makeProtected();
  const short = await call('viewer-token', id, '--ttl', '5');
  expect([short.code, short.stdout]).toEqual([1, '']);
  expect(short.stderr).toMatch(/^Refused \(422\): ttlSeconds: /);
  const open = makeStreamRecord();
  await api.streams.create(open);
  expect(await call('viewer-token', open.id)).toMatchObject({ code: 1, stderr: expect.stringContaining('(409)') });
});

test.each(['soon', '-1', '1.5', ''])('--ttl=%s is wrong usage', async (ttl) => {
  expect(await call('viewer-token', 'any', `--ttl=${ttl}`)).toEqual({
    code: 2,
    stdout: '',
    stderr: '--ttl must be a whole number of seconds.\n',
  });
});

test('create and update set the playback mode', async () => {
  const { code, stdout } = await call('create', '--playback', 'token');
  const [, id = ''] = /"viewer-token ([a-z2-7]{16})" makes one\.$/m.exec(stdout) ?? [];
  expect(code).toBe(0);
  expect(await api.streams.get(id)).toMatchObject({ playback: 'token' });
  expect((await call('update', id, '--playback', 'public')).stdout).toMatch(/^Playback +public$/m);
  expect(await api.streams.get(id)).toMatchObject({ playback: 'public' });
});
