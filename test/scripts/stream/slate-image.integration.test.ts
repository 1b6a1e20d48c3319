import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeStreamRecord } from '#kit/stream-record.ts';
import { GREEN, makePng } from '#test/support/pictures.ts';
import { callStreamCli, runStreamCli, startCliApi } from './stream-cli.ts';

const PNG = makePng({ width: 64, height: 36, colour: GREEN });

let api: Awaited<ReturnType<typeof startCliApi>>;
let folder: string;
beforeAll(async () => {
  api = await startCliApi();
  folder = await mkdtemp(join(tmpdir(), 'headend-slate-'));
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

const call = (...args: string[]) => callStreamCli(['slate-image', ...args], api.environment);

async function writePicture(name: string, bytes: Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

async function makeStream(title: string) {
  const stream = makeStreamRecord({ title });
  await api.streams.create(stream);
  return stream;
}

test('gives a stream a picture, shows that it has one, and takes it away', async () => {
  const { id } = await makeStream('Friday talk');
  const path = await writePicture('back-soon.png', PNG);
  const given = await runStreamCli(['slate-image', 'Friday talk', path], api.environment);
  expect(given).toEqual({
    ...{ code: 0, stderr: '' },
    stdout: 'The slate of "Friday talk" has a picture: its own, png 64x36, 1 KB.\n',
  });
  expect(Buffer.from((await api.slateImages.get(id))?.data ?? [])).toEqual(PNG);
  const { stdout } = await callStreamCli(['show', id], api.environment);
  expect(stdout).toContain('\nSlate         its own, png 64x36, 1 KB\n');

  const removed = await call(id, '--remove', '--json');
  expect([removed.code, JSON.parse(removed.stdout)]).toEqual([0, { id, removed: true }]);
  expect(await api.slateImages.get(id)).toBeNull();
});

test('a stale version is refused', async () => {
  const { id } = await makeStream('Stale');
  const path = await writePicture('stale.png', PNG);
  expect((await call(id, path, '--if-version', '1')).code).toBe(0);
  expect(await call(id, '--remove', '--if-version', '1')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('412'),
  });
});

test('what the API would refuse is refused in words', async () => {
  const { id } = await makeStream('Wrong');
  const gif = await writePicture('a.gif', Buffer.from('GIF89a'));
  const large = await writePicture('large.png', Buffer.concat([PNG, Buffer.alloc(1_000_000)]));
  const half = await writePicture('half.png', PNG.subarray(0, PNG.length / 2));
  for (const [args, code, reason] of [
    [[id], 2, 'Name either the FILE or --remove.'],
    [[id, gif, '--remove'], 2, 'Name either the FILE or --remove.'],
    [[id, gif, gif], 2, 'too many arguments'],
    [[], 2, 'Name the STREAM.'],
    [[id, join(folder, 'none.png')], 2, "can't be read"],
    [[id, folder], 2, "can't be read"],
    [[id, gif], 2, 'neither a PNG nor a JPEG'],
    [[id, large], 2, 'larger than 300 KB'],
    [[id, half], 1, 'The picture is cut off.'],
  ] as const) {
    const { stderr, ...outcome } = await call(...args);
    expect([args, outcome.code, stderr]).toEqual([args, code, expect.stringContaining(reason)]);
  }
});

test('its help names the file as what may be left out', async () => {
  expect((await call('--help')).stdout).toContain('slate-image STREAM [FILE] [options]');
});
