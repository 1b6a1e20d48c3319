import { randomBytes } from 'node:crypto';
import { generateSecret } from '#domain/stream-ids.ts';
import { RtmpClient } from '#kit/rtmp-client.ts';

/**
 * `bad-keys-attacker.ts PORT CONNECTIONS [BLOCK]`: publishes with wrong keys, one connection after another. Each comes
 * from a new address of 127.BLOCK.0.0/16; without BLOCK, all come from 127.0.0.2. Prints how many seconds that took.
 * Exits with code 1 if a key is not refused.
 */
const [port, connections, block] = process.argv.slice(2).map(Number);
if (port === undefined || connections === undefined) throw new Error('PORT and CONNECTIONS are missing');
const addressOf = (index: number): string =>
  block === undefined ? '127.0.0.2' : `127.${block}.${index >> 8}.${index & 255}`;

const startedAtMs = performance.now();
for (let index = 0; index < connections; index++) {
  const client = await RtmpClient.open(port, addressOf(index));
  const [, , , info] = await client.publish(generateSecret(randomBytes));
  const isRefused = typeof info === 'object' && info?.level === 'error';
  if (!isRefused) throw new Error('a wrong key was not refused');
  await client.closed;
}
process.stdout.write(`${(performance.now() - startedAtMs) / 1000}\n`);
