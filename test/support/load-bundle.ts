import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

/** Makes a folder below the checkout. A bundle there finds the AWS SDK, which it leaves to the Lambda runtime. */
export async function makeBundleDir(name: string): Promise<string> {
  const parent = join(process.cwd(), '.headend');
  await mkdir(parent, { recursive: true });
  return mkdtemp(join(parent, `${name}-`));
}

/** Loads a Lambda function's bundle in its own process with these variables. Resolves to how the process ended. */
export async function loadBundle(path: string, variables: Readonly<Record<string, string>>) {
  const script = `await import(${JSON.stringify(pathToFileURL(path).href)})`;
  const environment = { PATH: process.env.PATH ?? '', AWS_REGION: 'us-east-1', LOG_LEVEL: 'info', ...variables };
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { env: environment });
  const [stderr, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  return { stderr, exitCode };
}
