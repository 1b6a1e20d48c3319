// Installs cfn-lint, which checks the CloudFormation templates in the tests. Plain Node.js without dependencies, because
// setup.mjs uses it before any are installed.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REQUIREMENTS_PATH = fileURLToPath(new URL('cfn-lint-requirements.txt', import.meta.url));
const CACHE_DIR = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url));
const OLD_PYTHON = 'import sys; sys.exit(sys.version_info < (3, 10))';

/** The version that the requirements name. */
export function cfnLintVersion() {
  return /^cfn-lint==(\S+)/m.exec(readFileSync(REQUIREMENTS_PATH, 'utf8'))[1];
}

/** The folder of its virtual environment. Other requirements have another one. */
function environmentDir() {
  const hash = createHash('sha256').update(readFileSync(REQUIREMENTS_PATH)).digest('hex');
  return join(CACHE_DIR, `cfn-lint-${hash.slice(0, 12)}`);
}

/** pip leaves incomplete environments behind if it is interrupted. Complete ones have this file. */
const completePath = () => join(environmentDir(), 'complete');

/** The path of cfn-lint. Null if it is not installed. */
export function findCfnLint() {
  return existsSync(completePath()) ? join(environmentDir(), 'bin', 'cfn-lint') : null;
}

/** Installs it if Python can. Returns null, or why it is not installed. `run` returns whether a program succeeded. */
export function installCfnLint({ python, run }) {
  if (findCfnLint() !== null) return null;
  if (python === null || !run(python, ['-c', OLD_PYTHON])) return 'Python 3.10 or newer is missing';
  const folder = environmentDir();
  rmSync(folder, { recursive: true, force: true });
  if (!run(python, ['-m', 'venv', folder])) return "Python's venv module does not work (Debian: python3-venv)";
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes'];
  if (!run(join(folder, 'bin', 'python'), [...install, '--requirement', REQUIREMENTS_PATH])) return 'pip failed';
  writeFileSync(completePath(), '');
  return null;
}
