import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inDataDir, makeDataDir, openDataDir } from '#scripts/local/data-dir.ts';
import { UserError } from '#scripts/terminal/errors.ts';

let parent: string;
let dataDir: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'headend-data-dir-'));
  dataDir = join(parent, 'data');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const modeOf = async (...names: string[]) => ((await stat(join(dataDir, ...names))).mode & 0o777).toString(8);

/** A folder as earlier versions made it. */
async function makeOpenFolder(): Promise<void> {
  await mkdir(join(dataDir, 'dynamodb'), { recursive: true });
  for (const name of ['headend.log', 'headend-task-1.log', 'running.json', 'dynamodb/000005.log']) {
    await writeFile(join(dataDir, name), '');
    await chmod(join(dataDir, name), 0o644);
  }
  await chmod(join(dataDir, 'dynamodb'), 0o755);
  await chmod(dataDir, 0o755);
}

test('a new folder is closed to other users', async () => {
  await openDataDir(dataDir);
  expect([await modeOf(), await modeOf('local.json')]).toEqual(['700', '600']);
});

test('a folder that other users could read is closed with all that it contains', async () => {
  await makeOpenFolder();
  await makeDataDir(dataDir);
  expect([await modeOf(), await modeOf('dynamodb')]).toEqual(['700', '700']);
  for (const name of ['headend.log', 'headend-task-1.log', 'running.json', 'dynamodb/000005.log']) {
    expect(await modeOf(name)).toBe('600');
  }
});

test('an empty folder is closed', async () => {
  await mkdir(dataDir);
  await chmod(dataDir, 0o777);
  await makeDataDir(dataDir);
  expect(await modeOf()).toBe('700');
});

test('a folder that others use too is refused, and stays as it is', async () => {
  await makeOpenFolder();
  await writeFile(join(dataDir, 'thesis.txt'), '');
  const refused = makeDataDir(dataDir);
  await expect(refused).rejects.toBeInstanceOf(UserError);
  await expect(refused).rejects.toThrow(
    `The data folder ${dataDir} can't be used: other users can look into it, and it is not Headend's alone: it has thesis.txt in it. Choose another with --data-dir.`,
  );
  expect([await modeOf(), await modeOf('headend.log')]).toEqual(['755', '644']);
});

test('what a link in the folder leads to stays as it is', async () => {
  await makeOpenFolder();
  const target = join(parent, 'elsewhere');
  await writeFile(target, '');
  await chmod(target, 0o644);
  await symlink(target, join(dataDir, 'build'));
  await makeDataDir(dataDir);
  expect(((await stat(target)).mode & 0o777).toString(8)).toBe('644');
});

const isRoot = process.getuid?.() === 0;
(isRoot ? test : test.skip)('a folder of another user is refused (only root can make one)', async () => {
  await mkdir(dataDir, { mode: 0o700 });
  await chown(dataDir, 65_534, 65_534);
  await expect(makeDataDir(dataDir)).rejects.toThrow('it belongs to another user');
  expect(await readdir(dataDir)).toEqual([]);
});

test.each([
  ['is a file', '', (path: string) => writeFile(path, ''), /something else has its name \(EEXIST: /],
  ['is below a file', 'below', (path: string) => writeFile(path, ''), /a file is where a folder must be \(ENOTDIR: /],
  ['leads nowhere', '', (path: string) => symlink(join(path, 'gone'), path), /can't be used/],
])('a folder that %s is refused in one line', async (_what, below, occupy, reason) => {
  await occupy(dataDir);
  const refused = makeDataDir(join(dataDir, below));
  await expect(refused).rejects.toBeInstanceOf(UserError);
  await expect(refused).rejects.toThrow(reason);
  await expect(refused).rejects.toThrow(/^[^\n]*Choose another with --data-dir\.$/);
});

// In Node.js 20, a recursive mkdir there never ends.
(process.platform === 'linux' ? test : test.skip)('a folder where none can be made is refused', async () => {
  await expect(makeDataDir('/proc/headend/data')).rejects.toThrow('there is no place for it (ENOENT: /proc/headend)');
});

test('whatever is in the way in the folder is explained, and nothing else', async () => {
  await mkdir(join(dataDir, 'headend.log'), { recursive: true });
  const opening = inDataDir(dataDir, () => writeFile(join(dataDir, 'headend.log'), ''));
  await expect(opening).rejects.toThrow(/a folder is where a file must be \(EISDIR: .*headend\.log\)/);
  const other = inDataDir(dataDir, () => readdir(`${dataDir}-other`));
  await expect(other).rejects.not.toBeInstanceOf(UserError);
});
