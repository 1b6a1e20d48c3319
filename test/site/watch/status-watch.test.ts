import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type StatusReport, type StatusWatchOptions, watchStatus } from '#site/watch/status-watch.ts';

/** What a server answers to one request: a status code and a body. 0 is a broken connection. */
type ServerAnswer = readonly [status: number, body: string];

const IDLE: ServerAnswer = [200, '{"status":"idle","version":"i.0"}'];
const STILL_IDLE: ServerAnswer = [200, '{"status":"idle","version":"i.1"}'];
const LIVE: ServerAnswer = [200, '{"status":"live","title":"One","version":"l.0"}'];
const BROKEN: ServerAnswer = [0, ''];
const BUSY: ServerAnswer = [503, ''];

/**
 * Lets a page watch a server that answers so, and stops it when there are no more answers. A request that waits takes ten
 * seconds of the page's clock. Returns in order what was asked, what the page heard, and its pauses.
 */
async function watch(answers: readonly ServerAnswer[], settings: Partial<StatusWatchOptions> = {}): Promise<string[]> {
  const done: string[] = [];
  const queue = [...answers];
  const ending = new AbortController();
  let nowMs = 0;
  await new Promise<void>((resolve) => {
    ending.signal.addEventListener('abort', () => resolve());
    const onStatus = (report: StatusReport): void => {
      done.push(typeof report === 'string' ? report : Object.values(report).join(' '));
      if (report === 'refused') resolve();
    };
    watchStatus({
      ...{ statusUrl: 'http://page/status.json', isProtected: false, onStatus, signal: ending.signal },
      fetch: async (url) => {
        const [status, body] = queue.shift() ?? BROKEN;
        const query = new URL(String(url)).search;
        done.push(`ask${query}`);
        if (query !== '' && status !== 0) nowMs += 10_000;
        if (queue.length === 0) ending.abort();
        if (status === 0) throw new TypeError('Failed to fetch');
        return new Response(body, { status });
      },
      sleep: async (milliseconds) => {
        done.push(`${milliseconds} ms`);
        nowMs += milliseconds;
      },
      pause: async (milliseconds) => {
        done.push(`${milliseconds} ms`);
        nowMs += milliseconds;
        return false;
      },
      now: () => nowMs,
      random: () => 1,
      whenWatched: async () => undefined,
      ...settings,
    });
  });
  return done;
}

test('hears of each change once, and asks with the version of what it has', async () => {
  expect(await watch([IDLE, STILL_IDLE, LIVE, LIVE, BUSY])).toEqual([
    ...['ask', 'idle', '100 ms', 'ask?after=i.0', 'ask?after=i.1', 'live One', '100 ms'],
    ...['ask?after=l.0', 'ask?after=l.0'],
  ]);
});

test('asks seldom if the server lets nobody wait', async () => {
  const plain: ServerAnswer = [200, '{"status":"idle"}'];
  expect(await watch([plain, plain, plain, BUSY])).toEqual([
    ...['ask', 'idle', '100 ms', 'ask', '1500 ms', 'ask', '1500 ms', 'ask'],
  ]);
});

test('says nothing of a wait that breaks off, and waits longer after each failure', async () => {
  const failures = Array.from({ length: 6 }, () => BUSY);
  expect(await watch([IDLE, BROKEN, IDLE, BROKEN, ...failures, LIVE, BUSY])).toEqual([
    ...['ask', 'idle', '100 ms', 'ask?after=i.0', '1000 ms', 'ask', '1500 ms', 'ask?after=i.0', '2000 ms'],
    ...['ask', 'unreachable', '4000 ms', 'ask', '8000 ms', 'ask', '8000 ms', 'ask', '8000 ms'],
    ...['ask', '8000 ms', 'ask', '8000 ms', 'ask', 'live One', '100 ms', 'ask?after=l.0'],
  ]);
});

test('asks ever more seldom, and says nothing, while only requests that wait fail', async () => {
  expect(await watch([IDLE, BUSY, IDLE, BUSY, IDLE, BROKEN, IDLE, STILL_IDLE, BUSY, BUSY])).toEqual([
    ...['ask', 'idle', '100 ms', 'ask?after=i.0', '1000 ms', 'ask', '1500 ms', 'ask?after=i.0', '2000 ms'],
    ...['ask', '1500 ms', 'ask?after=i.0', '4000 ms', 'ask', '1500 ms', 'ask?after=i.0'],
    ...['ask?after=i.1', '1000 ms', 'ask'],
  ]);
});

test('a refusal of a protected stream is the end', async () => {
  const refused: ServerAnswer = [403, ''];
  expect(await watch([LIVE, refused, LIVE], { isProtected: true })).toEqual([
    ...['ask', 'live One', '100 ms', 'ask?after=l.0', 'refused'],
  ]);
  expect(await watch([refused, LIVE, BUSY])).toEqual([
    ...['ask', 'unreachable', '1000 ms', 'ask', 'live One', '100 ms', 'ask?after=l.0'],
  ]);
});

test('asks at once when the browser is online again, and soon after that', async () => {
  const pauses: number[] = [];
  const pause = async (milliseconds: number): Promise<boolean> => {
    pauses.push(milliseconds);
    return pauses.length === 3;
  };
  await watch([BROKEN, BROKEN, BROKEN, BROKEN, IDLE, BUSY], { pause });
  expect(pauses).toEqual([1000, 2000, 4000, 1000]);
});

test('a request that has waited since before a refusal changes nothing', async () => {
  const done: string[] = [];
  let answerWaiting: (response: Response) => void = () => undefined;
  const waiting = new Promise<Response>((resolve) => {
    answerWaiting = resolve;
  });
  const ending = new AbortController();
  const watching = watchStatus({
    ...{ statusUrl: 'http://page/status.json', isProtected: true, random: () => 1, signal: ending.signal },
    fetch: async (url) => {
      if (new URL(String(url)).search !== '') return waiting;
      return done.length === 0 ? new Response(LIVE[1]) : new Response('', { status: 403 });
    },
    sleep: async () => undefined,
    pause: async () => false,
    now: () => done.length * 10_000,
    onStatus: (report) => done.push(typeof report === 'string' ? report : report.status),
    whenWatched: async () => undefined,
  });
  await watching.refresh();
  expect(await watching.refresh()).toBe('refused');
  answerWaiting(new Response(IDLE[1]));
  await new Promise((resolve) => setImmediate(resolve));
  ending.abort();
  expect(done).toEqual(['live', 'refused']);
});

test.each(['{"status":"unheard-of"}', '{}', 'null', '"live"', '<html>', ''])('%p is no status', async (body) => {
  expect(await watch([[200, body], BUSY])).toEqual(['ask', 'unreachable', '1000 ms', 'ask']);
});

test('asks nothing while nobody watches', async () => {
  let watched = 0;
  const whenWatched = async (): Promise<void> => {
    watched += 1;
    if (watched > 2) await new Promise(() => undefined);
  };
  const done: string[] = [];
  void watch([IDLE, LIVE, LIVE], { whenWatched, onStatus: () => done.push('report') });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([watched, done]).toEqual([3, ['report', 'report']]);
});

describe('with a real server', () => {
  let server: Server;
  const ending = new AbortController();
  afterAll(() => {
    ending.abort();
    server.close();
  });

  test('refresh asks the server if what is known is old, and changes are heard from it and from the watch', async () => {
    const asked: string[] = [];
    const reports: StatusReport[] = [];
    let body = '{"status":"idle","version":"i.0"}';
    let nowMs = 0;
    server = createServer(({ url = '' }, response) => {
      asked.push(url);
      if (!url.includes('?')) response.end(body);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const watching = watchStatus({
      ...{ statusUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/status.json`, isProtected: false },
      ...{ fetch, random: () => 0, now: () => nowMs, sleep: async () => undefined, signal: ending.signal },
      pause: async () => false,
      ...{ onStatus: (report) => reports.push(report), whenWatched: async () => undefined },
    });
    expect(await watching.refresh()).toEqual({ status: 'idle' });
    body = '{"status":"live","version":"l.0"}';
    expect(await watching.refresh()).toEqual({ status: 'idle' });
    nowMs = 60_000;
    const change = watching.nextChange();
    expect(await watching.refresh()).toEqual({ status: 'live' });
    expect(await change).toEqual({ status: 'live' });
    expect(reports).toEqual([{ status: 'idle' }, { status: 'live' }]);
    expect(asked.filter((url) => !url.includes('?'))).toHaveLength(2);
  });
});
