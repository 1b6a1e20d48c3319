import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Attack } from './plan-attack.ts';

/** Maximum wait for an answer, which may never come. */
const ANSWER_TIMEOUT_MS = 100;
/** Prefix of the code in every status, positive or negative. */
const STATUS = 'NetStream.Publish.';

/** Runs one connection to its end. Rejects if the server keeps it open for `closeTimeoutMs` after the last byte. */
export async function runAttack(attack: Attack, port: number, closeTimeoutMs: number): Promise<void> {
  const { localAddress, writes, waitBefore, ending } = attack;
  const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
  socket.on('error', () => undefined); // the server may close with a reset
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  if (ending === 'linger deaf') socket.pause();
  const answered = waitForStatus(socket, ending !== 'linger deaf');
  for (const [index, bytes] of writes.entries()) {
    if (index === waitBefore) await Promise.race([answered, closed, sleep(ANSWER_TIMEOUT_MS)]);
    if (!socket.writable && !socket.connecting) break;
    if (!socket.write(bytes)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed]);
    await nextTurn();
  }
  socket.resume();
  if (ending === 'destroy') socket.destroySoon();
  if (ending === 'end') socket.end();
  const timeout = AbortSignal.timeout(closeTimeoutMs);
  const isLate = await Promise.race([closed.then(() => false), once(timeout, 'abort').then(() => true)]);
  socket.destroy();
  if (isLate) throw new Error(`iteration ${attack.iteration}: still open ${closeTimeoutMs} ms after its last byte`);
}

function waitForStatus(socket: Socket, reads: boolean): Promise<void> {
  return new Promise((resolve) => {
    if (!reads) return;
    let tail = '';
    socket.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString('latin1')).slice(-4_000);
      if (tail.includes(STATUS)) resolve();
    });
  });
}
