import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { generateSecret } from '#domain/stream-ids.ts';
import { openClusterCredential } from '#encoder/cluster/cluster-credential.ts';

const [secret, other] = [generateSecret(randomBytes), generateSecret(randomBytes)];
const options = { source: { value: secret }, randomBytes, now: () => 0, log: pino({ enabled: false }) };

test('tasks with the same secret know each other', async () => {
  const [one, two] = await Promise.all([openClusterCredential(options), openClusterCredential(options)]);
  expect(await one.authorization()).toBe(`Bearer ${secret}`);
  expect(await two.accepts(await one.authorization())).toBe(true);
});

test.each<[string, string | undefined]>([
  ['no header', undefined],
  ['an empty header', ''],
  ['the bare secret', secret],
  ['another scheme', `Basic ${secret}`],
  ['a part of the secret', `Bearer ${secret.slice(0, -1)}`],
  ['more than the secret', `Bearer ${secret}x`],
  ['another secret', `Bearer ${other}`],
])('%s is not accepted', async (_what, header) => {
  expect(await (await openClusterCredential(options)).accepts(header)).toBe(false);
});

test('without a secret a task is alone: no two tasks know each other', async () => {
  const alone = { ...options, source: null };
  const [one, two] = await Promise.all([openClusterCredential(alone), openClusterCredential(alone)]);
  expect(await one.accepts(await one.authorization())).toBe(true);
  expect(await one.accepts(await two.authorization())).toBe(false);
});
