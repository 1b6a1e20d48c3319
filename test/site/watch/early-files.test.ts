import { jest } from '@jest/globals';
import { EarlyFiles } from '#site/watch/early-files.ts';

const MASTER = 'http://localhost/live/id/master.m3u8';
const PART = 'http://localhost/live/id/360p/1-2.0.m4s';

let asked: string[];
let status: number;
let files: EarlyFiles;
beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
  asked = [];
  status = 200;
  jest.spyOn(globalThis, 'fetch').mockImplementation(async (url) => {
    asked.push(String(url));
    return new Response('body', { status });
  });
  files = new EarlyFiles('/live/id/status.json');
  asked = [];
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

const textOf = async (file: ReturnType<EarlyFiles['take']>) => file && new TextDecoder().decode((await file).body);

test('a file is loaded once, whoever asks for it first, and given away once', async () => {
  void files.ask(PART);
  expect(await textOf(files.take(PART))).toBe('body');
  expect(await textOf(files.take(MASTER))).toBe('body');
  await files.ask(MASTER);
  expect(asked).toEqual([PART, MASTER]);
  expect([files.take(PART), files.take(MASTER)]).toEqual([null, null]);
});

test('what nobody has asked for is not asked for here at the end, nor what is to come', () => {
  expect(files.take(`${MASTER}?_HLS_msn=1`)).toBeNull();
  files.finish();
  expect(files.take(PART)).toBeNull();
  expect(asked).toEqual([]);
});

test('an old playlist is loaded again, media is not, and nothing is kept for long', async () => {
  void files.ask(MASTER);
  void files.ask(PART);
  jest.advanceTimersByTime(999);
  expect([files.has(MASTER), files.has(PART)]).toEqual([true, true]);
  jest.advanceTimersByTime(1);
  expect([files.has(MASTER), files.has(PART), files.take(MASTER)]).toEqual([false, true, null]);
  jest.advanceTimersByTime(9_000);
  expect([files.has(PART), files.take(PART)]).toEqual([false, null]);
});

test('an answer that is not the file is none', async () => {
  status = 404;
  await expect(files.ask(PART)).rejects.toThrow('404');
});

test('what is abandoned is aborted, with the media that nobody has taken yet', async () => {
  const signals = new Map<string, AbortSignal | undefined>();
  jest.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
    signals.set(String(url), init?.signal ?? undefined);
    return new Response('body');
  });
  const taken = PART.replace('1-2.0', '1-2.1');
  const other = PART.replace('1-2.0', '1-2.2');
  for (const url of [MASTER, PART, taken, other]) void files.ask(url);
  files.take(PART);
  files.take(taken);
  files.abandon(PART);
  expect([MASTER, PART, taken, other].map((url) => signals.get(url)?.aborted)).toEqual([false, true, false, true]);
});
