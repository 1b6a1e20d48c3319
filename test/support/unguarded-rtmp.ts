import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, isListening } from '#kit/tcp-ports.ts';
import { waitFor } from '#kit/wait-for.ts';

/** node-media-server in its own process, started as its documentation says: Headend without the guard. */
export interface UnguardedRtmp {
  readonly port: number;
  /** Resolves to the exit code once the process has ended; null if it was killed. */
  readonly exited: Promise<number | null>;
  close(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = "new (require('node-media-server'))(JSON.parse(process.argv[1])).run()";

/** Starts it on a free port. With `publishSecret`, publishers need node-media-server's own kind of signature. */
export async function startUnguardedRtmp(publishSecret?: string): Promise<UnguardedRtmp> {
  const folder = await mkdtemp(join(tmpdir(), 'headend-unguarded-'));
  const port = await freePort();
  const auth = publishSecret === undefined ? {} : { auth: { publish: true, secret: publishSecret } };
  const config = { bind: '127.0.0.1', rtmp: { port }, store: { path: folder }, ...auth };
  const server = spawn(process.execPath, ['-e', PROGRAM, JSON.stringify(config)], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: 'ignore',
  });
  const exited = once(server, 'exit').then(([code]) => code as number | null);
  await waitFor('the unguarded server', () => isListening(port));
  return {
    port,
    exited,
    close: async () => {
      server.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
