import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { AnswerClient, type AnswerClientOptions, type AnswerRequest } from '#encoder/cluster/answers/answer-client.ts';
import type { TaskAnswer } from '#encoder/cluster/answers/answer-connection.ts';
import { TaskUnreachableError } from '#encoder/cluster/task-client.ts';
import { Random } from '#kit/random.ts';
import { freePort } from '#kit/tcp-ports.ts';
import { waitFor } from '#kit/wait-for.ts';
import { answerOf, type Script, ScriptedTask } from './scripted-task.ts';

/** A time limit that no test reaches. */
const NEVER_MS = 3_600_000;
const CREDENTIAL = { authorization: async () => 'Bearer shared', accepts: async () => true };
const BIG = randomBytes(3_000_000);
/** More than the kernel keeps of a connection. */
const HUGE = randomBytes(64 * 1024 * 1024);

let task: ScriptedTask;
let client: AnswerClient;

async function start(script: Script, options: Partial<AnswerClientOptions> = {}): Promise<void> {
  client = new AnswerClient({ credential: CREDENTIAL, ...options });
  task = await ScriptedTask.start(script);
}
afterEach(async () => {
  client.close();
  await task.close();
});

const ask = (options: Partial<AnswerRequest> = {}): Promise<TaskAnswer> =>
  client.ask(task.address, {
    ...{ method: 'GET', path: '/file', headers: {}, answerLimitMs: NEVER_MS, signal: new AbortController().signal },
    ...options,
  });

/** Copies what it gets, because that is overwritten when it has been taken. */
async function bodyOf({ body }: TaskAnswer): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const sink = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(Buffer.from(piece));
      setImmediate(done);
    },
  });
  body.pipeTo(sink);
  await finished(sink);
  return Buffer.concat(pieces);
}

const chunked = (...pieces: readonly string[]): string =>
  `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')}`;

test('a body in chunks begins before its end, and the connection is used again', async () => {
  await start((socket, _request, index) => {
    socket.write(chunked('half of ', 'the '));
    if (index === 0) socket.write('5\r\nmedia\r\n0\r\n\r\n');
  });
  expect(String(await bodyOf(await ask()))).toBe('half of the media');
  const second = await ask();
  task.sockets[0]?.write('3\r\nend\r\n0\r\n\r\n');
  expect(String(await bodyOf(second))).toBe('half of the end');
  expect(task.sockets).toHaveLength(1);
});

test('a body in chunks that breaks off is not taken for a whole one', async () => {
  await start((socket) => socket.end(chunked('half of ')));
  await expect(bodyOf(await ask())).rejects.toThrow();
});

const always =
  (answer: Buffer | string): Script =>
  (socket) =>
    socket.write(answer);

test('a request is sent with the credential, and the answer is passed on as it came', async () => {
  await start(always(answerOf('media', ['Cache-Control: max-age=1', 'Vary: a', 'vary: b'])));
  const answer = await ask({ path: '/file?x=1', headers: { range: 'bytes=0-4' } });
  expect(task.requests).toEqual([
    `GET /file?x=1 HTTP/1.1\r\nhost: ${task.address}\r\nauthorization: Bearer shared\r\nrange: bytes=0-4\r\n\r\n`,
  ]);
  expect(answer.status).toBe(200);
  expect(answer.headers).toEqual([
    ...['cache-control', 'max-age=1', 'vary', 'a', 'vary', 'b'],
    ...['content-length', '5'],
  ]);
  expect(String(await bodyOf(answer))).toBe('media');
});

test.each([0, 1, 2_047, 2_048, 2_049, 65_535, 65_536, 65_537, 65_536 + 2_048, 3_000_000])(
  'a body of %i bytes arrives whole, again and again on one connection',
  async (bytes) => {
    const body = BIG.subarray(0, bytes);
    await start(always(answerOf(body)));
    for (let count = 0; count < 3; count++) expect((await bodyOf(await ask())).equals(body)).toBe(true);
    expect(task.sockets).toHaveLength(1);
  },
);

test('an answer may come in pieces of any size', async () => {
  const random = new Random(1);
  const bodies = Array.from({ length: 20 }, () => random.bytes(random.below(200)));
  await start(async (socket, _request, index) => {
    let rest = answerOf(bodies[index] ?? '', ['x: y']);
    while (rest.length > 0) {
      const count = random.integer(1, random.pick([2, 20, 200]));
      socket.write(rest.subarray(0, count));
      rest = rest.subarray(count);
      await turn();
    }
  });
  for (const body of bodies) expect(await bodyOf(await ask())).toEqual(body);
  expect(task.sockets).toHaveLength(1);
});

test('a body that comes before somebody takes it is kept, and no more than two reads of it', async () => {
  await start(always(answerOf(HUGE)));
  const answer = await ask();
  for (let count = 0; count < 100; count++) await turn();
  expect(task.sockets[0]?.writableLength).toBeGreaterThan(HUGE.length / 2);
  expect((await bodyOf(answer)).equals(HUGE)).toBe(true);
});

test('a client that reads slowly makes the task wait', async () => {
  await start(always(answerOf(HUGE)));
  const { body: passedOn } = await ask();
  let goOn: () => void = () => undefined;
  let bytes = 0;
  let isStalled = true;
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (isStalled) goOn = done;
      else done();
    },
  });
  passedOn.pipeTo(sink);
  await waitFor('the first bytes', () => bytes > 0);
  for (let count = 0; count < 100; count++) await turn();
  expect(task.sockets[0]?.writableLength).toBeGreaterThan(HUGE.length / 2);
  expect(sink.writableLength).toBeLessThan(256 * 1024);
  isStalled = false;
  goOn();
  await once(sink, 'finish');
  expect(bytes).toBe(HUGE.length);
});

test.each([
  ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'],
  ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
] as const)('the answer to %s has no body if it has none: %j', async (method, head) => {
  await start(always(head));
  for (let count = 0; count < 2; count++) expect(await bodyOf(await ask({ method }))).toHaveLength(0);
  expect(task.sockets).toHaveLength(1);
});

test('many requests wait for one task at once', async () => {
  const waiting: (() => void)[] = [];
  await start((socket, request) => waiting.push(() => socket.write(answerOf(request.split(' ')[1] ?? ''))));
  const paths = Array.from({ length: 500 }, (_, index) => `/${index}`);
  const answers = paths.map(async (path) => String(await bodyOf(await ask({ path }))));
  await waitFor('all requests', () => waiting.length === 500);
  for (const answer of waiting) answer();
  expect(await Promise.all(answers)).toEqual(paths);
  await waitFor('the end of those that are not kept', () => task.open === 64);
});

test('more requests than a task may have waiting are refused', async () => {
  await start(() => undefined, { maxConnections: 2 });
  const waiting = [ask(), ask()];
  await expect(ask()).rejects.toMatchObject({ name: 'TaskBusyError' });
  client.close();
  expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

describe('a connection is not used again', () => {
  test.each([
    ['that the task closes after the answer', answerOf('a', ['Connection: close'])],
    ['on which more comes than was asked for', Buffer.concat([answerOf('a'), answerOf('b')])],
  ])('%s', async (_name, answer) => {
    await start(always(answer));
    await ask()
      .then(bodyOf)
      .catch(() => undefined);
    await waitFor('its end', () => task.open === 0);
  });

  test('if nobody wants the rest of its answer', async () => {
    await start(always(answerOf(BIG)));
    (await ask()).body.destroy();
    await waitFor('its end', () => task.open === 0);
  });

  test('if its answer came too late or nobody waits for it any more', async () => {
    await start(() => undefined);
    await expect(ask({ answerLimitMs: 1 })).rejects.toThrow('no answer in time');
    const abort = new AbortController();
    const asked = ask({ signal: abort.signal });
    await waitFor('the request', () => task.requests.length === 2);
    abort.abort('the client has gone');
    await expect(asked).rejects.toBe('the client has gone');
    await waitFor('its end', () => task.open === 0);
  });
});

test('an answer that is complete and not wanted leaves its connection to the next', async () => {
  await start(always(answerOf('misdirected')));
  for (let count = 0; count < 3; count++) (await ask()).body.destroy();
  expect(task.sockets).toHaveLength(1);
});

test('a request that is aborted before it is sent is not sent', async () => {
  await start(always(answerOf('')));
  await expect(ask({ signal: AbortSignal.abort('the client has gone') })).rejects.toBe('the client has gone');
  expect(task.requests).toEqual([]);
});

describe('a task that closes a kept connection', () => {
  test.each(['end', 'resetAndDestroy'] as const)('is asked again on a new one (%s)', async (close) => {
    await start((socket, _request, index) => {
      if (index === 0) socket.write(answerOf('answer'));
      else socket[close]();
    });
    for (let count = 0; count < 3; count++) expect(String(await bodyOf(await ask()))).toBe('answer');
    expect(task.requests).toHaveLength(5);
    expect(task.sockets).toHaveLength(3);
  });

  test('after the beginning of an answer is not asked again', async () => {
    await start((socket, _request, index) => {
      if (index === 0) socket.write(answerOf('answer'));
      else socket.end('HTTP/1.1 200');
    });
    await bodyOf(await ask());
    await expect(ask()).rejects.toBeInstanceOf(TaskUnreachableError);
    expect(task.requests).toHaveLength(2);
  });
});

describe('a task is unreachable', () => {
  test.each<[string, string]>([
    ['if it closes a new connection', ''],
    ['if it does not speak HTTP', 'hello\r\n\r\n'],
    ['if it does not say how long its answer is', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['if its head never ends', 'x'.repeat(100_000)],
  ])('%s', async (_name, answer) => {
    await start((socket) => socket.end(answer));
    await expect(ask()).rejects.toMatchObject({ name: 'TaskUnreachableError', isGone: false });
    expect(task.requests).toHaveLength(1);
  });

  test('and gone if nobody listens at its address', async () => {
    await start(() => undefined);
    const port = await freePort();
    const { signal } = new AbortController();
    const request = { method: 'GET', path: '/', headers: {}, answerLimitMs: NEVER_MS, signal } as const;
    await expect(client.ask(`127.0.0.1:${port}`, request)).rejects.toMatchObject({ isGone: true });
  });
});

test.each([100, 100_000])('an answer that breaks off after %i bytes breaks off for the client', async (bytes) => {
  await start((socket) => socket.end(answerOf(BIG).subarray(0, bytes)));
  await expect(ask().then(bodyOf)).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
});

test.each([[{ path: '/a b' }], [{ path: '/a\r\nhost: x' }], [{ headers: { range: 'x\r\ny: z' } }]])(
  '%j is not sent',
  async (request) => {
    await start(always(answerOf('')));
    await expect(ask(request)).rejects.toThrow();
    expect(task.requests).toEqual([]);
  },
);

test('closed, the client leaves no connection', async () => {
  await start(always(answerOf('')));
  await Promise.all([ask(), ask(), ask()]);
  client.close();
  await waitFor('the end of all', () => task.open === 0);
});
