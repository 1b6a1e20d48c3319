import { encodeAmf0 } from '#kit/amf0.ts';
import { CLIENT_HANDSHAKE_BYTES, encodeMessages, type Message } from '#scripts/fuzz/chunk-stream.ts';
import { FIRST_KEY } from '#scripts/fuzz/keys.ts';
import { planAttack } from '#scripts/fuzz/plan-attack.ts';
import type { RecordedSession } from '#scripts/fuzz/record-sessions.ts';

const COUNT = 2_000;
const message = (type: number, payload: Buffer): Message => ({
  type,
  messageStreamId: 1,
  chunkStreamId: 3,
  timestampMs: 0,
  payload,
});
const session = (name: string, media: number): RecordedSession => {
  const messages = [
    message(20, encodeAmf0('connect', 1, { app: 'live', tcUrl: 'rtmp://127.0.0.1/live' })),
    message(20, encodeAmf0('publish', 3, null, FIRST_KEY, 'live')),
    ...Array.from({ length: 20 }, () => message(media, Buffer.alloc(500, media))),
  ];
  return { name, bytes: Buffer.concat([Buffer.alloc(CLIENT_HANDSHAKE_BYTES, 3), encodeMessages(messages)]) };
};
const SESSIONS = [session('picture', 9), session('sound', 8)];
const plan = (seed: number) => Array.from({ length: COUNT }, (_, iteration) => planAttack(SESSIONS, seed, iteration));
const bytesOf = ({ writes }: ReturnType<typeof planAttack>) => Buffer.concat(writes).toString('latin1');

test('the connection depends on seed and iteration only', () => {
  const asText = (seed: number) =>
    plan(seed).map((attack) =>
      JSON.stringify({ ...attack, writes: attack.writes.map((bytes) => bytes.toString('latin1')) }),
    );
  const again = asText(1);
  expect(asText(1).every((attack, iteration) => attack === again[iteration])).toBe(true);
  const [one, other] = [plan(1).map(bytesOf), plan(2).map(bytesOf)];
  expect(one.filter((bytes, iteration) => bytes === other[iteration]).length).toBeLessThan(COUNT / 10);
  expect(new Set(one).size).toBeGreaterThan(COUNT * 0.8);
});

test('all ways to damage a session and to end a connection are used', () => {
  const attacks = plan(3);
  const sizes = attacks.map((attack) => bytesOf(attack).length);
  const wholeBytes = SESSIONS[0]?.bytes.length ?? 0;
  expect(sizes.filter((size) => size < wholeBytes).length).toBeGreaterThan(100);
  expect(sizes.filter((size) => size === wholeBytes).length).toBeGreaterThan(100);
  expect(sizes.filter((size) => size > wholeBytes).length).toBeGreaterThan(100);
  expect(new Set(attacks.map(({ ending }) => ending)).size).toBe(4);
  expect(attacks.filter(({ waitBefore, writes }) => waitBefore < writes.length).length).toBeGreaterThan(COUNT / 3);
});

test('some sessions flood the server with thousands of tags', () => {
  const floods = plan(4).filter((attack) => bytesOf(attack).length > 100_000);
  expect(floods.length).toBeGreaterThan(15);
  for (const { iteration } of floods) expect(iteration % 75).toBe(0);
});
