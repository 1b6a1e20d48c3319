import { once } from 'node:events';
import { UserError } from '#scripts/terminal/errors.ts';

/** Something that runs, and the text to print once it does. */
export interface Running {
  readonly output: string;
  close(): Promise<void>;
}

/** Those of package.json that run until they are stopped. */
const NPM_SCRIPTS: readonly string[] = ['start', 'edge'];
const PARENT_CHECK_MS = 500;
/** After that, a signal is not a copy of the first one. */
const REPEAT_MS = 1_000;

/**
 * Runs until Ctrl-C, SIGTERM or the end of npm, and exits with code 0. If the start fails, prints why and exits with code 1.
 */
export async function runUntilStopped(start: () => Promise<Running>): Promise<never> {
  const signal = stopSignal();
  try {
    const { output, close } = await start();
    process.stdout.write(output);
    if (!signal.aborted) await once(signal, 'abort');
    await close();
  } catch (error) {
    const detail = error instanceof UserError ? error.message : error instanceof Error ? error.stack : String(error);
    process.stderr.write(`${detail}\n`);
    process.exit(1);
  }
  process.exit(0);
}

function stopSignal(): AbortSignal {
  const controller = new AbortController();
  let isRepeat = false;
  // On Ctrl-C, SIGINT comes twice: from the terminal, and from npm. Whoever asks again later does not want to wait.
  const stop = (): void => {
    if (isRepeat) process.exit(1);
    controller.abort();
    setTimeout(() => {
      isRepeat = true;
    }, REPEAT_MS).unref();
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, stop);
  if (isChildOfNpm(process.env)) whenParentEnds(() => controller.abort());
  return controller.signal;
}

/**
 * Whether npm has started this process. The scripts in package.json say `exec`, so no shell is in between. Whoever starts it
 * otherwise may close their shell and leave it running.
 */
const isChildOfNpm = ({ npm_lifecycle_event: script }: NodeJS.ProcessEnv): boolean =>
  script !== undefined && NPM_SCRIPTS.includes(script);

/** npm that is killed can tell nobody. The child of a process that has ended gets another parent. */
function whenParentEnds(onEnd: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onEnd();
  }, PARENT_CHECK_MS).unref();
}
