import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';

/** A request that another user of the machine makes. */
export interface StrangersRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What it came to. Without an answer, `status` is 0 and `text` says why. */
export interface StrangersAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface Tries {
  readonly attempts: readonly StrangersRequest[];
  /** Files and folders. */
  readonly paths: readonly string[];
}

export interface TriesOutcome {
  readonly answers: readonly StrangersAnswer[];
  /** The text of each file or the names in each folder. Null if reading is not permitted. */
  readonly contents: readonly (string | null)[];
}

/** The user "nobody", who owns nothing. */
const NOBODY = 65_534;

/** Runs as another user, with nothing but Node.js's own modules. `TRIES` is put before it. */
const PROGRAM = `
const { request } = require('node:http');
const { readdirSync, readFileSync, statSync } = require('node:fs');
const send = ({ url, method, headers, body }) => new Promise((resolve) => {
  const fail = (error) => resolve({ status: 0, headers: {}, text: String(error) });
  const sent = request(url, { method, headers, setHost: false, agent: false }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk) => { text += chunk; }).once('error', fail);
    response.once('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
  });
  sent.setTimeout(10000, () => sent.destroy(new Error('no answer'))).once('error', fail).end(body);
});
const read = (path) => {
  try {
    return statSync(path).isDirectory() ? readdirSync(path).join(' ') : readFileSync(path, 'latin1');
  } catch (error) {
    if (error.code === 'EACCES' || error.code === 'EPERM') return null;
    throw error;
  }
};
if (process.getuid() !== ${NOBODY}) throw new Error('this is not another user');
Promise.all(TRIES.attempts.map(send)).then((answers) => {
  process.stdout.write(JSON.stringify({ answers, contents: TRIES.paths.map(read) }));
});`;

/** Tries all of it as another user of this machine. Only root can do that. */
export async function tryAsOtherUser(tries: Tries): Promise<TriesOutcome> {
  const child = spawn(process.execPath, ['-'], {
    ...{ uid: NOBODY, gid: NOBODY, cwd: '/', env: {} },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  child.stdin.end(`const TRIES = ${JSON.stringify(tries)};${PROGRAM}`);
  const outcome = await json(child.stdout);
  const [code] = await ended;
  if (code !== 0) throw new Error(`the other user's program ended with ${code}`);
  return outcome as TriesOutcome;
}
