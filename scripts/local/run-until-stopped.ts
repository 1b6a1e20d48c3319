import { once } from 'node:events';
import { UserError } from '#scripts/terminal/errors.ts';

/** Something that runs, and the text to print once it does. */
export interface Running {
  readonly output: string;
  close(): Promise<void>;
}

/** Runs until Ctrl-C or SIGTERM, and exits with code 0. If the start fails, prints why and exits with code 1. */
export async function runUntilStopped(start: () => Promise<Running>): Promise<never> {
  const controller = new AbortController();
  const { signal } = controller;
  process.once('SIGINT', () => controller.abort());
  process.once('SIGTERM', () => controller.abort());
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
