import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSecret } from '#domain/stream-ids.ts';
import { writeLocalState } from '#scripts/local/local-state.ts';
import { removeRunningPlatform, writeRunningPlatform } from '#scripts/local/running-platform.ts';
import { resolveConnection } from '#scripts/stream/connection.ts';

const API_URL = 'https://live.example.com/api';
const LOCAL_URL = 'http://127.0.0.1:18080/api';
const RUNNING = {
  apiUrl: LOCAL_URL,
  rtmpUrl: 'rtmp://127.0.0.1:11935/live',
  playbackBaseUrl: 'http://127.0.0.1:18080',
  originUrls: ['http://127.0.0.1:18081'],
};
const token = generateSecret(randomBytes);
const localToken = generateSecret(randomBytes);

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'headend-cli-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

const runLocally = async () => {
  await writeLocalState(dataDir, { adminToken: localToken, viewerTokenKeys: '', streams: {} });
  await writeRunningPlatform(dataDir, RUNNING);
};

describe('the platform on this machine', () => {
  test('is found by its data folder and used with its token', async () => {
    await runLocally();
    expect(await resolveConnection({ 'data-dir': dataDir }, {})).toMatchObject({
      apiUrl: LOCAL_URL,
      token: localToken,
    });
    const own = await resolveConnection({ 'data-dir': dataDir }, { HEADEND_API: '', HEADEND_TOKEN: token });
    expect(own).toMatchObject({ apiUrl: LOCAL_URL, token });
  });

  test('does not send its token to another API', async () => {
    await runLocally();
    await expect(resolveConnection({ 'data-dir': dataDir, api: API_URL }, {})).rejects.toMatchObject({
      kind: 'usage',
      message: 'No admin token: set HEADEND_TOKEN, or name a --token-file.',
    });
  });

  test('is reported if it does not run', async () => {
    await runLocally();
    await removeRunningPlatform(dataDir);
    await expect(resolveConnection({ 'data-dir': dataDir }, {})).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining(`No Headend runs on ${dataDir}: start it with "npm start"`),
    });
  });

  test.each(['running.json', 'local.json'])('with a damaged %s is an error that names the file', async (name) => {
    await runLocally();
    await writeFile(join(dataDir, name), '{');
    await expect(resolveConnection({ 'data-dir': dataDir }, {})).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining(`${join(dataDir, name)} can't be read`),
    });
  });

  test('without a stored token needs one', async () => {
    await writeRunningPlatform(dataDir, RUNNING);
    await expect(resolveConnection({ 'data-dir': dataDir }, {})).rejects.toMatchObject({ kind: 'usage' });
  });
});

test.each([
  [API_URL, API_URL],
  [`${API_URL}///`, API_URL],
  ['http://localhost:8080/api', 'http://localhost:8080/api'],
  ['http://[::1]:8080/api', 'http://[::1]:8080/api'],
])('%s is accepted as the address', async (address, apiUrl) => {
  expect(await resolveConnection({ api: address, token }, {})).toMatchObject({ apiUrl, token });
});

test.each([
  ['text', 'live.example.com'],
  ['another scheme', 'ftp://live.example.com/api'],
  ['a fragment', `${API_URL}#x`],
  ['plain HTTP to another machine', 'http://live.example.com/api'],
  ['plain HTTP to a name that starts like this machine', 'http://127.0.0.1.example.com/api'],
  ['a user', 'https://admin@live.example.com/api'],
])('%s is refused as the address', async (_case, api) => {
  await expect(resolveConnection({ api, token }, {})).rejects.toMatchObject({ kind: 'usage' });
});

test('a token file must contain one token and nothing else', async () => {
  const path = join(dataDir, 'token');
  const resolve = () => resolveConnection({ api: API_URL, 'token-file': path }, { HEADEND_TOKEN: localToken });
  await expect(resolve()).rejects.toMatchObject({ kind: 'usage', message: expect.stringContaining('ENOENT') });
  await writeFile(path, `\n${token}\r\n`);
  expect((await resolve()).token).toBe(token);
  for (const content of ['', '\n', `${token}\n${token}`, `${token}\0`, 'é']) {
    await writeFile(path, content);
    await expect(resolve()).rejects.toMatchObject({ kind: 'usage', message: `The file ${path} holds no admin token.` });
  }
});
