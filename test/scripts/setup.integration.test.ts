import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPTS = fileURLToPath(new URL('../../scripts', import.meta.url));

/** A project that consists of setup.mjs only, and a PATH with only the programs of the test. */
let project: string;
let path: string;

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'headend-setup-'));
  path = join(project, 'path');
  await mkdir(path);
  for (const name of [
    'setup.mjs',
    'kit/find-program.mjs',
    'testing/cfn-lint.mjs',
    'testing/cfn-lint-requirements.txt',
  ]) {
    await mkdir(dirname(join(project, 'scripts', name)), { recursive: true });
    await copyFile(join(SCRIPTS, name), join(project, 'scripts', name));
  }
  await writeFile(join(project, 'package-lock.json'), '{}');
  // Like npm, it writes a record of the install.
  await addProgram('npm', 'echo "$@" >> npm-calls; /bin/mkdir -p node_modules; : > node_modules/.package-lock.json');
});
afterEach(() => rm(project, { recursive: true, force: true }));

async function addProgram(name: string, script: string): Promise<void> {
  await writeFile(join(path, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(path, name), 0o755);
}

const addFfmpeg = (version: string) =>
  addProgram('ffmpeg', `echo "ffmpeg version ${version} Copyright (c) the authors"`);

function setUp(command = 'start') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(project, 'scripts', 'setup.mjs'), command], {
    env: { PATH: path },
    encoding: 'utf8',
  });
  return {
    status,
    stdout,
    lines: stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Installing npm')),
  };
}

const npmCalls = async (): Promise<string[]> => (await readFile(join(project, 'npm-calls'), 'utf8')).trim().split('\n');

test('a missing FFmpeg that cannot be installed ends the set-up with one line', () => {
  expect(setUp()).toEqual({
    status: 1,
    stdout: '',
    lines: [expect.stringMatching(/^Missing: ffmpeg\. Install with: sudo apt-get install ffmpeg /)],
  });
});

test('neither a folder with the name nor a file that is not executable is a program', async () => {
  await mkdir(join(path, 'ffmpeg'));
  expect(setUp()).toMatchObject({ status: 1, lines: [expect.stringMatching(/^Missing: ffmpeg\./)] });
  await rm(join(path, 'ffmpeg'), { recursive: true });
  await writeFile(join(path, 'ffmpeg'), '');
  expect(setUp()).toMatchObject({ status: 1, lines: [expect.stringMatching(/^Missing: ffmpeg\./)] });
});

test.each(['4.4.2-0ubuntu0.22.04.1', 'n5.0.3', '3.4'])(
  'FFmpeg %s is too old, which is reported in one line',
  async (version) => {
    await addFfmpeg(version);
    expect(setUp()).toEqual({
      status: 1,
      stdout: '',
      lines: [`Headend needs FFmpeg 5.1 or newer; ${join(path, 'ffmpeg')} is ${version}.`],
    });
  },
);

test.each(['5.1.9-0+deb12u1', 'n6.1', '10.0', 'N-109000-g0a1b2c3d4e', '2025-01-05-git-19c95ecbff-full_build'])(
  'FFmpeg %s is accepted',
  async (version) => {
    await addFfmpeg(version);
    expect(setUp()).toEqual({ status: 0, stdout: '', lines: [] });
  },
);

test('an FFmpeg that cannot be run ends the set-up with one line', async () => {
  await addProgram('ffmpeg', 'echo "libavdevice.so.59: cannot open shared object file" >&2; exit 127');
  expect(setUp()).toEqual({
    status: 1,
    stdout: '',
    lines: [`${join(path, 'ffmpeg')} can't be run: libavdevice.so.59: cannot open shared object file`],
  });
});

test('a command without video needs no FFmpeg', () => {
  expect(setUp('synth')).toEqual({ status: 0, stdout: '', lines: [] });
});

test('packages are installed once, and again if the lockfile is newer', async () => {
  await addFfmpeg('7.0');
  setUp();
  expect(await npmCalls()).toHaveLength(1);
  setUp();
  expect(await npmCalls()).toHaveLength(1);
  const inAnHour = new Date(Date.now() + 3_600_000);
  await utimes(join(project, 'package-lock.json'), inAnHour, inAnHour);
  setUp();
  expect(await npmCalls()).toEqual(Array(2).fill('ci --no-audit --no-fund --loglevel=error'));
});

describe('cfn-lint', () => {
  /** Stands for Python: makes an environment whose Python writes down what it is asked to install. */
  const PYTHON = `case "$*" in
    "-c import sys"*) exit $OLD ;;
    "-m venv "*) /bin/mkdir -p "$3/bin"; echo '#!/bin/sh\necho "$@" >> pip-calls' > "$3/bin/python"; /bin/chmod +x "$3/bin/python" ;;
  esac`;
  const pipCalls = async (): Promise<string[]> =>
    (await readFile(join(project, 'pip-calls'), 'utf8')).trim().split('\n');

  beforeEach(async () => {
    for (const name of ['ffprobe', 'chromium']) await addProgram(name, '');
    await addFfmpeg('7.0');
  });

  test('is installed for the tests, once, and only what the requirements name by hash', async () => {
    await addProgram('python3', PYTHON.replace('$OLD', '0'));
    expect(setUp('synth')).toEqual({ status: 0, stdout: '', lines: [] });
    expect(existsSync(join(project, 'pip-calls'))).toBe(false);
    expect(setUp('test')).toEqual({ status: 0, stdout: '', lines: [] });
    expect(setUp('test')).toEqual({ status: 0, stdout: '', lines: [] });
    expect(await pipCalls()).toEqual([expect.stringMatching(/^-m pip install .*--require-hashes --requirement /)]);
  });

  test.each([
    ['a missing Python', null, 'Python 3.10 or newer is missing'],
    ['a Python that is too old', PYTHON.replace('$OLD', '1'), 'Python 3.10 or newer is missing'],
    ['a Python without venv', 'case "$*" in "-m venv "*) exit 1 ;; esac', "Python's venv module does not work"],
  ])('%s is said, and the set-up goes on', async (_case, script, problem) => {
    if (script !== null) await addProgram('python3', script);
    expect(setUp('test')).toEqual({
      status: 0,
      stdout: '',
      lines: [expect.stringContaining(`cfn-lint is not installed: ${problem}`)],
    });
  });
});
