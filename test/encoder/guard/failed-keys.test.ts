import type { IngestAuthRequest, IngestAuthResponse } from '#domain/ingest-auth.ts';
import { FailedKeys } from '#encoder/guard/failed-keys.ts';
import { streamOf } from '../rtmp/recording-server.ts';

const LIMITS = {
  maxDecisionsPerAddress: 5,
  maxDecisions: 50,
  failedKeysBeforeDelay: 3,
  failedKeysBeforeRefusal: 5,
  failedKeyDelayMs: 30,
  failedKeyIntervalMs: 1e-6,
  failedKeyMemoryMs: 60_000,
};
const BAD: IngestAuthResponse = { allow: false, code: 'NetStream.Publish.BadName', description: 'Unknown' };
const BUSY: IngestAuthResponse = { allow: false, code: 'NetStream.Publish.Rejected', description: 'Busy' };
const REFUSED_UNASKED = {
  allow: false,
  code: 'NetStream.Publish.Rejected',
  description: 'Too many wrong stream keys came from your address; try again in 60 s',
};
const HOME = '192.0.2.1';

let nowMs: number;
let asked: IngestAuthRequest[];
let rightKeys: Set<string>;
let failedKeys: FailedKeys;

beforeEach(() => {
  nowMs = 1_700_000_000_000;
  asked = [];
  rightKeys = new Set(['right', 'other']);
  failedKeys = new FailedKeys({
    limits: LIMITS,
    now: () => nowMs,
    authorise: async (request) => {
      asked.push(request);
      if (request.streamKey === 'busy') return BUSY;
      if (request.streamKey === 'down') throw new Error('out of order');
      return rightKeys.has(request.streamKey) ? { allow: true, stream: streamOf(request.streamKey) } : BAD;
    },
  });
});

const publish = (streamKey: string, sourceAddress = HOME) => failedKeys.authorise({ streamKey, sourceAddress });

async function fail(times: number, sourceAddress = HOME): Promise<void> {
  for (let index = 0; index < times; index++) {
    expect(await publish(`wrong ${index}`, sourceAddress)).toMatchObject({ code: 'NetStream.Publish.BadName' });
  }
}

/** Whether an answer is held back. An immediate answer settles before any timer fires. */
async function isDelayed(answer: Promise<unknown>): Promise<boolean> {
  const timer = new Promise<boolean>((resolve) => setTimeout(() => resolve(true), LIMITS.failedKeyDelayMs / 3));
  return Promise.race([timer, answer.then(() => false)]);
}

test('the first wrong keys are answered at once, the next ones late, and then no key is checked', async () => {
  for (let count = 0; count < LIMITS.failedKeysBeforeDelay; count++)
    expect(await isDelayed(publish('wrong'))).toBe(false);
  const late = publish('wrong');
  expect(await isDelayed(late)).toBe(true);
  await late;
  await fail(1);
  expect(asked).toHaveLength(5);
  const refused = publish('wrong');
  expect(await isDelayed(refused)).toBe(true);
  expect(await refused).toEqual(REFUSED_UNASKED);
  expect(await publish('right')).toEqual(REFUSED_UNASKED);
  expect(asked).toHaveLength(5);
});

test('a right key is not delayed by earlier wrong keys', async () => {
  await fail(4);
  expect(await isDelayed(publish('right'))).toBe(false);
});

test('the refusals end on time even if the address keeps trying, and its count starts again at zero', async () => {
  await fail(5);
  for (let elapsedMs = 0; elapsedMs < 60_000; elapsedMs += 5_000) {
    expect(await publish('wrong')).toMatchObject({ code: 'NetStream.Publish.Rejected' });
    nowMs += 5_000;
  }
  nowMs += 1;
  expect(await publish('right')).toMatchObject({ allow: true });
  expect(await isDelayed(publish('wrong'))).toBe(false);
});

test('a refusal says how many seconds are left', async () => {
  await fail(5);
  nowMs += 58_200;
  expect(await publish('right')).toMatchObject({ description: expect.stringContaining('again in 2 s') });
});

test('a key that was right from the same address before is checked despite the wrong keys of others', async () => {
  await publish('right');
  await fail(5);
  expect(await publish('right')).toMatchObject({ allow: true });
  expect(await publish('other')).toEqual(REFUSED_UNASKED);
});

test('a key is known only at the address it came from, and only until it is wrong', async () => {
  await publish('right');
  await fail(5);
  await fail(5, '192.0.2.2');
  expect(await publish('right', '192.0.2.2')).toEqual(REFUSED_UNASKED);
  rightKeys.delete('right');
  expect(await publish('right')).toEqual(BAD);
  expect(await publish('right')).toEqual(REFUSED_UNASKED);
});

test('wrong keys are counted per IPv4 address and per IPv6 network of 64 bits', async () => {
  await fail(5);
  expect(await publish('right', '192.0.2.2')).toMatchObject({ allow: true });
  for (let host = 1; host <= 5; host++) await fail(1, `2001:db8::${host}`);
  expect(await publish('right', '2001:db8::6')).toEqual(REFUSED_UNASKED);
  expect(await publish('right', '2001:db8:0:1::6')).toMatchObject({ allow: true });
});

test('a missing key counts as a wrong key and is not checked', async () => {
  for (let count = 0; count < 5; count++)
    expect(await publish('')).toMatchObject({ description: 'The stream key is missing' });
  expect(asked).toEqual([]);
  expect(await publish('right')).toEqual(REFUSED_UNASKED);
});

test('refusals and errors that are not about the key do not count as wrong keys', async () => {
  for (let count = 0; count < 10; count++) {
    expect(await publish('busy')).toEqual(BUSY);
    await expect(publish('down')).rejects.toThrow('out of order');
  }
  expect(await publish('right')).toMatchObject({ allow: true });
});

test('only the newest 10,000 addresses are remembered', async () => {
  await fail(5);
  for (let host = 0; host < 9_999; host++) await publish('wrong', `10.0.${host >> 8}.${host & 255}`);
  expect(await publish('right')).toEqual(REFUSED_UNASKED);
  await publish('wrong', '10.1.0.0');
  expect(await publish('right')).toMatchObject({ allow: true });
});

describe('while decisions are under way', () => {
  let answers: ((decision: IngestAuthResponse) => void)[];
  let slow: FailedKeys;
  beforeEach(() => {
    answers = [];
    slow = new FailedKeys({
      limits: { ...LIMITS, maxDecisions: 8, failedKeysBeforeRefusal: 7, failedKeyDelayMs: 0 },
      now: () => nowMs,
      authorise: () => new Promise((resolve) => answers.push(resolve)),
    });
  });
  const ask = (streamKey: string, sourceAddress = HOME) => slow.authorise({ streamKey, sourceAddress });
  const TOO_MANY = { code: 'NetStream.Publish.Rejected', description: expect.stringContaining('being checked') };
  const ALLOWED: IngestAuthResponse = { allow: true, stream: streamOf('key') };
  const answerAll = (decision: IngestAuthResponse) => {
    for (const answer of answers.splice(0)) answer(decision);
  };

  test('an address may have five at once, and each one that finishes makes room for another', async () => {
    const first = ask('a');
    for (const key of ['b', 'c', 'd', 'e']) void ask(key);
    expect(await ask('f')).toMatchObject(TOO_MANY);
    expect(answers).toHaveLength(5);
    answers.shift()?.(ALLOWED);
    await first;
    void ask('g');
    expect(answers).toHaveLength(5);
    expect(await ask('h')).toMatchObject(TOO_MANY);
  });

  test('all addresses together may have eight at once, and no address can take them all', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) void ask(key);
    for (const key of ['a', 'b', 'c']) void ask(key, '192.0.2.2');
    expect(answers).toHaveLength(8);
    expect(await ask('a', '192.0.2.3')).toMatchObject(TOO_MANY);
  });

  test('their keys count as wrong keys until they turn out right', async () => {
    for (const key of ['a', 'b', 'c', 'd']) void ask(key);
    answerAll(BAD);
    await new Promise(setImmediate);
    for (const key of ['e', 'f', 'g']) void ask(key);
    expect(await ask('h')).toMatchObject(TOO_MANY);
    expect(answers).toHaveLength(3);
    answerAll(ALLOWED);
    await new Promise(setImmediate);
    void ask('i');
    expect(answers).toHaveLength(1);
  });

  test('a known key has slots of its own, which newcomers cannot take', async () => {
    const right = ask('right');
    answerAll(ALLOWED);
    await right;
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) void ask(key);
    const again = ask('right');
    answerAll(ALLOWED);
    expect(await again).toEqual(ALLOWED);
  });

  test('a decision that fails frees its slot', async () => {
    const broken = new FailedKeys({
      limits: { ...LIMITS, maxDecisionsPerAddress: 1 },
      now: () => nowMs,
      authorise: () => Promise.reject(new Error('out of order')),
    });
    for (let count = 0; count < 3; count++) {
      await expect(broken.authorise({ streamKey: 'a', sourceAddress: HOME })).rejects.toThrow('out of order');
    }
  });
});

describe('wrong keys from many addresses', () => {
  const INTERVAL_MS = 3_600_000;
  const tryFrom = (host: number, streamKey = 'wrong') => publish(streamKey, `198.51.100.${host}`);

  beforeEach(() => {
    failedKeys = new FailedKeys({
      limits: { ...LIMITS, failedKeyIntervalMs: INTERVAL_MS },
      now: () => nowMs,
      authorise: async ({ streamKey }) => (streamKey === 'right' ? { allow: true, stream: streamOf('right') } : BAD),
    });
  });

  test('are answered one after another, and a right key between them at once', async () => {
    expect(await isDelayed(tryFrom(1))).toBe(false);
    const second = tryFrom(2);
    expect(await isDelayed(second)).toBe(true);
    expect(await isDelayed(tryFrom(3, 'right'))).toBe(false);
    expect(await second).toEqual(BAD);
    nowMs += INTERVAL_MS + LIMITS.failedKeyDelayMs;
    expect(await isDelayed(tryFrom(4))).toBe(false);
  });

  test('are answered no faster than the interval allows', async () => {
    const intervalMs = 30;
    failedKeys = new FailedKeys({
      limits: { ...LIMITS, failedKeyDelayMs: 60_000, failedKeyIntervalMs: intervalMs },
      now: () => nowMs,
      authorise: async () => BAD,
    });
    const beganAtMs = performance.now();
    const answered = [1, 2, 3, 4].map((host) => tryFrom(host).then(() => performance.now() - beganAtMs));
    // Timers may fire late on a busy machine, but never early.
    for (const [turn, afterMs] of (await Promise.all(answered)).entries()) {
      expect(afterMs).toBeGreaterThan(turn * intervalMs - 2);
    }
  });

  test('are never delayed beyond failedKeyDelayMs, even if the clock is set back', async () => {
    await tryFrom(1);
    expect(await Promise.all([tryFrom(2), tryFrom(3), tryFrom(4)])).toEqual([BAD, BAD, BAD]);
    nowMs -= 10 * INTERVAL_MS;
    expect(await tryFrom(5)).toEqual(BAD);
  });
});
