import { isDeepStrictEqual } from 'node:util';
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
const bytesOf = ({ writes }: ReturnType<typeof planAttack>) => Buffer.concat(writes);
const sizeOf = ({ writes }: ReturnType<typeof planAttack>) => writes.reduce((sum, bytes) => sum + bytes.length, 0);

/** Planning takes some time, so that each plan is made once. */
const [ONE, OTHER] = [plan(1), plan(2)];

test('the connection depends on seed and iteration only', () => {
  expect(isDeepStrictEqual(plan(1), ONE)).toBe(true);
  const [one, other] = [ONE.map(bytesOf), OTHER.map(bytesOf)];
  const isSame = (bytes: Buffer, iteration: number) => other[iteration]?.equals(bytes);
  expect(one.filter(isSame).length).toBeLessThan(COUNT / 10);
  expect(new Set(one.map((bytes) => bytes.toString('latin1'))).size).toBeGreaterThan(COUNT * 0.8);
});

test('all ways to damage a session and to end a connection are used', () => {
  const sizes = ONE.map(sizeOf);
  const wholeBytes = SESSIONS[0]?.bytes.length ?? 0;
  expect(sizes.filter((size) => size < wholeBytes).length).toBeGreaterThan(100);
  expect(sizes.filter((size) => size === wholeBytes).length).toBeGreaterThan(100);
  expect(sizes.filter((size) => size > wholeBytes).length).toBeGreaterThan(100);
  expect(new Set(ONE.map(({ ending }) => ending)).size).toBe(4);
  expect(ONE.filter(({ waitBefore, writes }) => waitBefore < writes.length).length).toBeGreaterThan(COUNT / 3);
});

test('some sessions flood the server with thousands of tags', () => {
  const floods = OTHER.filter((attack) => sizeOf(attack) > 100_000);
  expect(floods.length).toBeGreaterThan(15);
  for (const { iteration } of floods) expect(iteration % 75).toBe(0);
});
