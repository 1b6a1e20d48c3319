import { EventEmitter, once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { jest } from '@jest/globals';
import pino from 'pino';
import {
  MAX_RETRY_DELAY_MS,
  PROTECTION_MINUTES,
  PROTECTION_RENEWAL_MS,
  TaskProtection,
} from '#encoder/cluster/task-protection.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';

const PROTECT = { ProtectionEnabled: true, ExpiresInMinutes: 30 };
const UNPROTECT = { ProtectionEnabled: false };
const EXPIRY_MS = PROTECTION_MINUTES * 60_000;
const SETTLED_MS = 1_000;

type Answer = (response: ServerResponse, body: { ProtectionEnabled: boolean }) => void;
const send = (response: ServerResponse, status: number, answer: object): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
/** As the agent answers (ECS developer guide, "Task scale-in protection endpoint"). */
const confirm: Answer = (response, { ProtectionEnabled }) =>
  send(response, 200, {
    protection: {
      ProtectionEnabled,
      TaskArn: 'arn',
      ...(ProtectionEnabled && { ExpirationDate: '2026-11-28T00:00:00Z' }),
    },
  });
const FAILURES: readonly (readonly [string, Answer, string])[] = [
  [
    'a failure of ECS with status 200',
    (response) => send(response, 200, { failure: { Arn: 'arn', Detail: null, Reason: 'DEPLOYMENT_BLOCKED' } }),
    'status 200, DEPLOYMENT_BLOCKED',
  ],
  [
    'an error with status 200',
    (response) =>
      send(response, 200, { requestID: 'id', error: { Arn: 'arn', Code: 'ServerException', Message: 'no' } }),
    'status 200, ServerException: no',
  ],
  [
    'an error with status 403',
    (response) => send(response, 403, { error: { Code: 'AccessDeniedException', Message: 'not authorized' } }),
    'status 403, AccessDeniedException: not authorized',
  ],
  [
    'a confirmation with status 500',
    (response) => send(response, 500, { protection: { ProtectionEnabled: true } }),
    'status 500, an answer that is not documented',
  ],
  [
    'the opposite',
    (response) => send(response, 200, { protection: { ProtectionEnabled: false } }),
    'status 200, an answer that is not documented',
  ],
  ['no JSON', (response) => void response.writeHead(502).end('<html>'), 'status 502, an answer that is not documented'],
  ['a broken connection', (response) => void response.destroy(), 'fetch failed'],
];

let server: Awaited<ReturnType<typeof listenOnLoopback>>;
let answer: Answer;
let protection: TaskProtection;
let isBusy: boolean;
const calls: unknown[] = [];
const called = new EventEmitter();
const lines: { level: string; msg: string; err?: { message: string } }[] = [];

beforeAll(async () => {
  server = await listenOnLoopback(
    createServer(async (request, response) => {
      const body = (await json(request)) as { ProtectionEnabled: boolean };
      expect([request.method, request.url]).toEqual(['PUT', '/api/some-container/task-protection/v1/state']);
      calls.push(body);
      called.emit('call');
      answer(response, body);
    }),
  );
});
afterAll(() => server.close());

beforeEach(() => {
  // Sockets need real timers. The code under test only uses these.
  jest.useFakeTimers({
    doNotFake: [
      ...(['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'] as const),
      ...(['setInterval', 'clearInterval'] as const),
    ],
  });
  answer = confirm;
  isBusy = false;
  calls.length = 0;
  lines.length = 0;
  protection = open(`${server.url}/api/some-container`);
});
afterEach(() => {
  protection.close();
  jest.useRealTimers();
});

const open = (agentUri: string | null): TaskProtection =>
  new TaskProtection({
    agentUri,
    isBusy: () => isBusy,
    fetch,
    now: Date.now,
    log: pino({ formatters: { level: (level) => ({ level }) } }, { write: (line) => lines.push(JSON.parse(line)) }),
  });

function setBusy(busy: boolean): void {
  isBusy = busy;
  protection.update();
}

/** Lets sockets work until a condition holds. The limit of the test ends it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
/** Waits until a call is over and the next one is planned. */
const untilPlanned = (): Promise<void> => until(() => jest.getTimerCount() > 0);

/** Becomes busy and is protected. */
async function protect(): Promise<void> {
  setBusy(true);
  await untilPlanned();
}

test('a busy task protects itself for half an hour', async () => {
  await protect();
  expect(calls).toEqual([PROTECT]);
});

test('the protection is renewed well before it runs out, and only then', async () => {
  expect(PROTECTION_RENEWAL_MS).toBeLessThanOrEqual(EXPIRY_MS / 2);
  await protect();
  jest.advanceTimersByTime(PROTECTION_RENEWAL_MS - 1);
  protection.update();
  expect(calls).toHaveLength(1);
  for (const count of [2, 3, 4]) {
    jest.advanceTimersByTime(count === 2 ? 1 : PROTECTION_RENEWAL_MS);
    await until(() => calls.length === count);
    await untilPlanned();
  }
  expect(calls).toEqual([PROTECT, PROTECT, PROTECT, PROTECT]);
  expect(lines).toEqual([]);
});

test('an idle task drops its protection, and then calls nobody', async () => {
  await protect();
  setBusy(false);
  jest.advanceTimersByTime(SETTLED_MS);
  await until(() => calls.length === 2);
  expect(calls[1]).toEqual(UNPROTECT);
  await protection.release();
  expect(calls).toHaveLength(2);
  expect(jest.getTimerCount()).toBe(0);
});

test('an idle task that nobody reported is found when its protection would be renewed', async () => {
  await protect();
  isBusy = false;
  jest.advanceTimersByTime(PROTECTION_RENEWAL_MS);
  await until(() => calls.length === 2);
  expect(calls[1]).toEqual(UNPROTECT);
});

test('a task that was never busy calls nobody, and neither does one outside of ECS', async () => {
  protection.update();
  await protection.release();
  const alone = open(null);
  isBusy = true;
  alone.update();
  await alone.release();
  expect(calls).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
});

test('changes during a call are told after it, and at most one a second', async () => {
  const held: (() => void)[] = [];
  answer = (response, body) => void held.push(() => confirm(response, body));
  setBusy(true);
  await until(() => held.length === 1);
  for (const busy of [false, true, false]) setBusy(busy);
  answer = confirm;
  held[0]?.();
  await untilPlanned();
  expect(calls).toEqual([PROTECT]);
  jest.advanceTimersByTime(SETTLED_MS);
  await until(() => calls.length === 2);
  expect(calls[1]).toEqual(UNPROTECT);
});

test.each(FAILURES)(
  '%s is logged once with its reason, and tried again until it works',
  async (_what, fail, reason) => {
    answer = fail;
    await protect();
    for (const delayMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, MAX_RETRY_DELAY_MS, MAX_RETRY_DELAY_MS]) {
      const before = calls.length;
      jest.advanceTimersByTime(delayMs - 1);
      protection.update();
      expect(calls).toHaveLength(before);
      jest.advanceTimersByTime(1);
      await until(() => calls.length === before + 1);
      await untilPlanned();
    }
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'warn',
        err: expect.objectContaining({ message: expect.stringContaining(reason) }),
      }),
    ]);
    expect(JSON.stringify(lines)).not.toContain('some-container');

    answer = confirm;
    jest.advanceTimersByTime(MAX_RETRY_DELAY_MS);
    await until(() => lines.length === 2);
    expect(lines[1]).toMatchObject({ level: 'info' });
  },
);

test('a failed call may have protected the task, so an idle task drops that too', async () => {
  answer = (response) => void response.destroy();
  await protect();
  setBusy(false);
  answer = confirm;
  jest.advanceTimersByTime(SETTLED_MS);
  await until(() => calls.length === 2);
  expect(calls).toEqual([PROTECT, UNPROTECT]);
});

test('a release drops the protection at once and for good, even between two attempts', async () => {
  answer = (response) => void response.destroy();
  await protect();
  answer = confirm;
  await protection.release();
  expect(calls).toEqual([PROTECT, UNPROTECT]);
  setBusy(true);
  jest.advanceTimersByTime(EXPIRY_MS);
  await protection.release();
  expect(calls).toHaveLength(2);
});

test('a release waits for the call under way', async () => {
  const held: (() => void)[] = [];
  answer = (response, body) => void held.push(() => confirm(response, body));
  setBusy(true);
  await until(() => held.length === 1);
  const released = protection.release();
  answer = confirm;
  held[0]?.();
  await released;
  expect(calls).toEqual([PROTECT, UNPROTECT]);
});

test('a release that fails does not reject, and is tried again', async () => {
  await protect();
  answer = FAILURES[0]?.[1] ?? confirm;
  await protection.release();
  expect(lines).toHaveLength(1);
  answer = confirm;
  const again = once(called, 'call');
  jest.advanceTimersByTime(SETTLED_MS);
  await again;
  expect(calls).toEqual([PROTECT, UNPROTECT, UNPROTECT]);
});

test('a closed one calls nobody, and an agent that does not answer holds nothing up', async () => {
  const arrived = once(called, 'call');
  answer = () => undefined;
  setBusy(true);
  await arrived;
  protection.close();
  await protection.release();
  protection.update();
  expect(jest.getTimerCount()).toBe(0);
  expect(calls).toHaveLength(1);
  expect(lines).toEqual([]);
});
