import { spawn } from 'node:child_process';
import pino from 'pino';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { PosterMaker } from '#encoder/streams/poster-maker.ts';
import { StreamPoster } from '#encoder/streams/stream-poster.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import { readPictureHeader } from '#functions/control-api/picture-header.ts';
import { encodeRun, interleaved, toMediaRun } from '#test/support/encoded-run.ts';

/** A package with real output, whose best rendition has 128x72 pixels. */
async function makePackage(): Promise<StreamPackage> {
  const media = new StreamPackage({ latency: 'low', firstMsn: 100 });
  const encoded = await encodeRun();
  const sink = media.beginRun(toMediaRun(encoded, 7));
  for (const { rendition, chunk } of interleaved(encoded)) sink.write(rendition, chunk);
  return media;
}

/** Makes pictures with the real FFmpeg, and counts. */
function startMaker() {
  const seen = { running: 0, most: 0, all: 0 };
  const counted: SpawnProcess = (...args) => {
    const child = spawn(...args);
    seen.all += 1;
    seen.running += 1;
    seen.most = Math.max(seen.most, seen.running);
    child.once('close', () => (seen.running -= 1));
    return child;
  };
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line).msg) });
  return { maker: new PosterMaker({ spawn: counted, log }), seen, lines };
}

let media: StreamPackage;
let nowMs: number;
beforeAll(async () => {
  media = await makePackage();
});
beforeEach(() => {
  nowMs = 0;
});

test('a picture is made once for all who ask, and again after ten seconds', async () => {
  const { maker, seen } = startMaker();
  const poster = new StreamPoster({ posters: maker, steadyNow: () => nowMs });
  const [first, ...others] = await Promise.all(Array.from({ length: 5 }, () => poster.get(media)));
  if (!Buffer.isBuffer(first)) throw new Error(`no picture: ${first}`);
  expect(readPictureHeader(first)).toMatchObject({ type: 'image/jpeg', width: 128, height: 72 });
  for (const other of others) expect(other).toBe(first);
  nowMs = 9_999;
  expect(await poster.get(media)).toBe(first);
  expect(seen.all).toBe(1);
  nowMs = 10_000;
  expect(Buffer.isBuffer(await poster.get(media))).toBe(true);
  expect(seen.all).toBe(2);
});

test('two are made at once, eight wait, and for others there is none now', async () => {
  const { maker, seen, lines } = startMaker();
  const pictures = await Promise.all(
    Array.from({ length: 12 }, () => new StreamPoster({ posters: maker, steadyNow: () => nowMs }).get(media)),
  );
  expect(pictures.map((picture) => Buffer.isBuffer(picture))).toEqual([...Array(10).fill(true), false, false]);
  expect(pictures.slice(10)).toEqual(['not-now', 'not-now']);
  expect(seen).toEqual({ running: 0, most: 2, all: 10 });
  expect(lines).toEqual([]);
});

test('what is no picture is a line in the log, and the next one can be made', async () => {
  const { maker, lines } = startMaker();
  expect(await maker.make(Buffer.from('no picture'))).toBeNull();
  expect(lines).toEqual(['a poster could not be made']);
  expect(await new StreamPoster({ posters: maker, steadyNow: () => nowMs }).get(media)).toBeInstanceOf(Buffer);
});

describe('if a new picture can not be made', () => {
  const jpeg = Buffer.from('a picture');
  let made: Buffer | null;
  let poster: StreamPoster;
  beforeEach(() => {
    made = jpeg;
    poster = new StreamPoster({ posters: { make: async () => made }, steadyNow: () => nowMs });
  });

  test('viewers get the one before', async () => {
    await poster.get(media);
    [made, nowMs] = [null, 60_000];
    expect(await poster.get(media)).toBe(jpeg);
  });

  test('nobody gets one of another presentation', async () => {
    await poster.get(media);
    made = null;
    expect(await poster.get(await makePackage())).toBe('not-now');
    expect(await poster.get(new StreamPackage({ latency: 'low', firstMsn: 100 }))).toBe('no-picture');
  });
});
