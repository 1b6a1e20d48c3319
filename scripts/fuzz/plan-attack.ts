import { Random } from '#kit/random.ts';
import { CLIENT_HANDSHAKE_BYTES, encodeMessages, parseMessages } from './chunk-stream.ts';
import { floodTags } from './flood-tags.ts';
import { ALLOWED_PREFIX, ENCODED_PREFIX, FIRST_KEY, iterationKey, replaceKey } from './keys.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { mutateMessages } from './mutate-messages.ts';
import type { RecordedSession } from './record-sessions.ts';

/**
 * How a connection ends: the client cuts it, ends it properly, or waits for the server to end it, with or without
 * reading.
 */
export const ENDINGS = ['destroy', 'end', 'linger', 'linger deaf'] as const;

/** One planned connection. */
export interface Attack {
  readonly iteration: number;
  readonly localAddress: string;
  /** The writes, in order. */
  readonly writes: readonly Buffer[];
  /** Index of the write that waits for the answer to the publish. */
  readonly waitBefore: number;
  readonly ending: (typeof ENDINGS)[number];
}

/** Every n-th connection is transcoded. */
const ENCODED_EVERY = 150;
/** Every n-th connection is an intact session with a flood of tags. Every second one of them is also transcoded. */
const FLOOD_EVERY = 75;
const MAX_WRITES = 40;

/** Plans the connection of an iteration. It only depends on the arguments. */
export function planAttack(sessions: readonly RecordedSession[], seed: number, iteration: number): Attack {
  const random = Random.forIteration(seed, iteration);
  const key = pickKey(random, iteration);
  const isFlood = iteration % FLOOD_EVERY === 0;
  const [session, other] = [random.pick(sessions), random.pick(sessions)].map(({ bytes }) => replaceKey(bytes, key));
  if (session === undefined || other === undefined) throw new RangeError('no sessions');
  const bytes = isFlood ? flood(session, random) : mutate(session, other, random);
  const writes = cut(bytes, random);
  const ending = random.chance(0.9) ? random.pick(['destroy', 'end'] as const) : random.pick(ENDINGS);
  // A proper client waits for the answer to its publish. Some of these do not.
  const waitBefore = random.chance(0.75) ? findWait(writes) : writes.length;
  // Many addresses of 127.0.0.0/8: the guard would soon block a single one because of its wrong keys.
  const localAddress = `127.${random.below(4)}.${random.below(256)}.${random.below(254) + 1}`;
  return { iteration, localAddress, writes, waitBefore, ending };
}

/** Some connections share a key, so that publishers replace each other. */
function pickKey(random: Random, iteration: number): string {
  if (iteration % ENCODED_EVERY === 0) return iterationKey(ENCODED_PREFIX, iteration);
  return random.chance(0.2) ? FIRST_KEY : iterationKey(ALLOWED_PREFIX, iteration);
}

function flood(session: Buffer, random: Random): Buffer {
  const messages = parseMessages(session.subarray(CLIENT_HANDSHAKE_BYTES));
  return Buffer.concat([session.subarray(0, CLIENT_HANDSHAKE_BYTES), floodTags(messages, random)]);
}

function mutate(session: Buffer, other: Buffer, random: Random): Buffer {
  let handshake = session.subarray(0, CLIENT_HANDSHAKE_BYTES);
  let rest = session.subarray(CLIENT_HANDSHAKE_BYTES);
  if (random.chance(0.5)) {
    let messages: ReturnType<typeof parseMessages> | ReturnType<typeof mutateMessages> = parseMessages(rest);
    for (let count = random.below(4) + 1; count > 0; count--) messages = mutateMessages(messages, random);
    rest = encodeMessages(messages);
  }
  if (random.chance(0.5)) {
    for (let count = random.below(3) + 1; count > 0; count--)
      rest = mutateBytes(rest, random, other.subarray(CLIENT_HANDSHAKE_BYTES));
  }
  if (random.chance(0.05)) handshake = mutateBytes(handshake, random, other);
  return Buffer.concat([handshake, rest]);
}

/** Splits the bytes at random places, and always after the publish command. */
function cut(bytes: Buffer, random: Random): Buffer[] {
  const published = endOfPublish(bytes);
  const cuts = Array.from({ length: random.below(MAX_WRITES) }, () => random.below(bytes.length + 1));
  const isDribbled = random.chance(0.05);
  const dribble = isDribbled ? Array.from({ length: 100 }, (_, index) => CLIENT_HANDSHAKE_BYTES + index) : [];
  const edges = [...new Set([0, ...cuts, ...dribble, published, bytes.length])]
    .filter((edge) => edge <= bytes.length)
    .toSorted((a, b) => a - b);
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}

const PUBLISH_TYPE = Buffer.from('\x02\x00\x04live', 'latin1');

/** The offset after the last argument of the `publish` command. Without one, the end of the handshake. */
function endOfPublish(bytes: Buffer): number {
  const at = bytes.lastIndexOf(PUBLISH_TYPE);
  return at < 0 ? Math.min(CLIENT_HANDSHAKE_BYTES, bytes.length) : at + PUBLISH_TYPE.length;
}

function findWait(writes: readonly Buffer[]): number {
  const publishes = writes.findLastIndex((bytes) => bytes.subarray(-PUBLISH_TYPE.length).equals(PUBLISH_TYPE));
  return publishes < 0 ? writes.length : publishes + 1;
}
