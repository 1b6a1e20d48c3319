// Installs what a command needs: npm packages, FFmpeg and, for tests and benchmarks, the programs that they measure
// with. Plain Node.js without dependencies, because it runs before any are installed.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from './kit/find-program.mjs';
import { installCfnLint } from './testing/cfn-lint.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The Debian package of each program. `for` lists the commands that need it. */
const PROGRAMS = [
  { name: 'ffmpeg', package: 'ffmpeg', for: ['start', 'probe', 'test', 'bench', 'faults'] },
  { name: 'ffprobe', package: 'ffmpeg', for: ['test', 'bench', 'faults'] },
  { name: 'chromium', package: 'chromium', for: ['test', 'bench', 'faults'] },
  { name: 'nginx', package: 'nginx-light', for: ['bench'] },
  {
    name: 'nginx RTMP module',
    file: '/usr/lib/nginx/modules/ngx_rtmp_module.so',
    package: 'libnginx-mod-rtmp',
    for: ['bench'],
  },
];

/** The oldest FFmpeg whose output the packager can read. */
const FFMPEG_MINIMUM = { major: 5, minor: 1 };

/** npm may write the lockfile a moment after its record of the same install. */
const INSTALL_WRITES_MS = 10_000;

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function run(command, args) {
  // Messages go to standard error, because `npm start -- --json` writes nothing but its line to standard output.
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return result.status === 0;
}

function checkNode() {
  const wanted = 20;
  const major = Number(process.versions.node.split('.')[0]);
  if (major < wanted) fail(`Headend needs Node.js ${wanted} or newer; this is ${process.version}.`);
}

function installPackages() {
  // npm writes this file at the end of every install. If it is older than the lockfile, packages may be missing.
  const installed = join(root, 'node_modules', '.package-lock.json');
  const lockfile = join(root, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs + INSTALL_WRITES_MS >= statSync(lockfile).mtimeMs) return;
  process.stderr.write('Installing npm packages ...\n');
  if (!run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])) fail('npm ci failed; its output is above.');
}

function isInstalled(program) {
  return program.file ? existsSync(program.file) : findProgram(program.name) !== null;
}

function canUseApt() {
  return process.getuid?.() === 0 && findProgram('apt-get') !== null;
}

function installPrograms(command) {
  const missing = PROGRAMS.filter((program) => program.for.includes(command) && !isInstalled(program));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => program.package))];
  const names = missing.map((program) => program.name).join(', ');
  const manual = `Missing: ${names}. Install with: sudo apt-get install ${packages.join(' ')} (macOS: brew install ffmpeg).`;
  if (!canUseApt()) fail(manual);
  process.stderr.write(`Installing ${packages.join(', ')} ...\n`);
  const installed =
    run('apt-get', ['update', '-qq']) &&
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages]);
  if (!installed) fail(manual);
}

function checkFfmpeg(command) {
  if (!PROGRAMS.some((program) => program.name === 'ffmpeg' && program.for.includes(command))) return;
  const path = findProgram('ffmpeg');
  const { status, stdout, stderr, error } = spawnSync(path, ['-version'], { encoding: 'utf8' });
  if (status !== 0) fail(`${path} can't be run: ${error?.message ?? stderr.trim().split('\n')[0]}`);
  const version = /^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? 'of no known version';
  // Nightly builds, such as N-109000-g0a1b2c3 or 2025-01-05-git, have no version number. They are accepted.
  const [, major, minor] = (/^n?(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  if (major > FFMPEG_MINIMUM.major || (major === FFMPEG_MINIMUM.major && minor >= FFMPEG_MINIMUM.minor)) return;
  if (major !== undefined) {
    fail(`Headend needs FFmpeg ${FFMPEG_MINIMUM.major}.${FFMPEG_MINIMUM.minor} or newer; ${path} is ${version}.`);
  }
}

/** The only program that may be missing: without Python, the tests say that they skip what needs it. */
function installLinter(command) {
  if (command !== 'test') return;
  const problem = installCfnLint({ python: findProgram('python3'), run });
  if (problem !== null) process.stderr.write(`cfn-lint is not installed: ${problem}. Its tests are skipped.\n`);
}

const command = process.argv[2] ?? 'start';
checkNode();
installPackages();
installPrograms(command);
checkFfmpeg(command);
installLinter(command);
