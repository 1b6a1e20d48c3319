import pino from 'pino';
import type { LatencyName } from '#domain/latency-profiles.ts';
import type { RunSink } from '#encoder/media/media-run.ts';
import { StreamMedia } from '#encoder/streams/stream-media.ts';
import { NO_PAST } from '#encoder/streams/stream-past.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import { type EncodedRun, encodeRun, FPS_30, feed, interleaved, toMediaRun } from '#test/support/encoded-run.ts';
import { askPackage } from '../origin/running-origin.ts';

const VIDEO = { frameRate: FPS_30, keyframeFrames: 60, bFrames: 0, firstGopFrames: 15 };
const WINDOW_MS = 40_000;

let withSound: EncodedRun;
let silent: EncodedRun;
let nowMs: number;

beforeAll(async () => {
  withSound = await encodeRun({ video: VIDEO });
  silent = await encodeRun({ video: VIDEO, audio: null });
});

beforeEach(() => {
  nowMs = Date.UTC(2026, 5, 1, 12);
});

function startMedia(latency: LatencyName = 'low'): StreamMedia {
  return new StreamMedia({
    ...{ past: NO_PAST, latency, now: () => nowMs, log: pino({ level: 'silent' }) },
    onPlayable: () => undefined,
  });
}

/** A whole run of the stream. */
function addRun(media: StreamMedia, encoded: EncodedRun, epoch: number): void {
  const sink = media.beginRun(toMediaRun(encoded, epoch));
  feed(sink, interleaved(encoded));
  sink.end();
}

/** Feeds a run until viewers get it. Returns what is left of it. */
function feedUntilOnAir(media: StreamMedia, sink: RunSink, encoded: EncodedRun) {
  const before = media.currentPackage;
  const steps = interleaved(encoded);
  while (media.currentPackage === before) {
    const [step] = steps.splice(0, 1);
    if (step === undefined) throw new Error('the run never went on air');
    expect(before.ended).toBe(false);
    sink.write(step.rendition, step.chunk);
  }
  return steps;
}

async function ask(media: StreamMedia, path: string): Promise<{ status: number; body: string }> {
  const { status, body } = await askPackage(media.currentPackage, path, media.formerPackages);
  return { status, body: String(body) };
}

test('if the sound is gone for good, the presentation ends only once the next one can be played', async () => {
  const media = startMedia();
  addRun(media, withSound, 7);
  const former = media.currentPackage;
  const lastMsn = former.nextMsn() - 1;
  expect(media.fits(toMediaRun(silent, 8))).toBe(false);
  const sink = media.beginRun(toMediaRun(silent, 8));
  expect(sink.cuts).toEqual({ partFrames: 15, firstSegmentFrames: 15 });
  feedUntilOnAir(media, sink, silent);
  expect(former.ended).toBe(true);
  const waiting = parseMediaPlaylist((await ask(media, `480p/media.m3u8?_HLS_msn=${lastMsn + 1}&_HLS_part=0`)).body);
  expect(waiting).toMatchObject({ isEnded: true, targetDurationSeconds: 2 });
  expect(waiting.segments.at(-1)?.msn).toBe(lastMsn);
  const fresh = parseMediaPlaylist((await ask(media, '480p/media.m3u8')).body);
  expect(fresh.isEnded).toBe(false);
  expect(fresh.segments).toMatchObject([{ uri: `8-${fresh.mediaSequence}.m4s`, durationSeconds: 0.5 }]);
  expect(fresh.mediaSequence).toBeGreaterThan(lastMsn + 3);
  expect((await ask(media, 'master.m3u8')).body).not.toContain('AUDIO=');
});

test('what the former playlists listed can be loaded for a playlist window', async () => {
  const media = startMedia();
  addRun(media, withSound, 7);
  const lastMsn = media.currentPackage.nextMsn() - 1;
  const paths = [`audio/7-${lastMsn}.m4s`, '480p/7-init.mp4', `480p/7-${lastMsn}.0.m4s`, `480p/7-${lastMsn}.m4s`];
  const statuses = () => Promise.all(paths.map(async (path) => (await ask(media, path)).status));
  addRun(media, silent, 8);
  expect(await statuses()).toEqual([200, 200, 200, 200]);
  nowMs += WINDOW_MS - 1;
  expect(await statuses()).toEqual([200, 200, 200, 200]);
  nowMs += 1;
  expect(await statuses()).toEqual([404, 404, 404, 404]);
});

test('if the sound is back before the next presentation can be played, the one on air goes on', async () => {
  const media = startMedia();
  addRun(media, withSound, 7);
  const former = media.currentPackage;
  const sink = media.beginRun(toMediaRun(silent, 8));
  feed(sink, interleaved(silent).slice(0, 10));
  sink.end();
  expect(media.fits(toMediaRun(withSound, 9))).toBe(true);
  addRun(media, withSound, 9);
  expect(media.currentPackage).toBe(former);
  expect(former.ended).toBe(false);
  expect(parseMediaPlaylist((await ask(media, '480p/media.m3u8')).body).segments.at(-1)?.uri).toMatch(/^9-/);
});

test('a slate on the presentation on air does not keep the next one from going on air', () => {
  const media = startMedia();
  addRun(media, withSound, 7);
  const sink = media.beginRun(toMediaRun(silent, 9));
  media.beginRun(toMediaRun(withSound, 8));
  feedUntilOnAir(media, sink, silent);
  expect(media.currentPackage.playableRun?.epoch).toBe(9);
});

test('another run that the next presentation can take goes on with it', () => {
  const media = startMedia();
  addRun(media, withSound, 7);
  const first = media.beginRun(toMediaRun(silent, 8));
  feed(first, interleaved(silent).slice(0, 10));
  first.end();
  const second = media.beginRun(toMediaRun(silent, 9));
  feedUntilOnAir(media, second, silent);
  expect(media.currentPackage.playableRun?.epoch).toBe(9);
});

test('another latency profile goes on air in the same way', () => {
  const media = startMedia('low');
  addRun(media, withSound, 7);
  const former = media.currentPackage;
  media.onPublish({ latency: 'standard' });
  expect(former.ended).toBe(false);
  expect(media.fits(toMediaRun(withSound, 8))).toBe(true);
  expect(media.sequence.latency).toBe('low');
  feedUntilOnAir(media, media.beginRun(toMediaRun(withSound, 8)), withSound);
  expect(former.ended).toBe(true);
  expect(media.currentPackage.profile.segmentSeconds).toBe(4);
  expect(media.sequence.latency).toBe('standard');
});

test('a stream that ends while the next presentation is being made ends with the one on air', () => {
  const media = startMedia();
  addRun(media, withSound, 7);
  const former = media.currentPackage;
  const sink = media.beginRun(toMediaRun(silent, 8));
  feed(sink, interleaved(silent).slice(0, 10));
  media.end();
  feed(sink, interleaved(silent).slice(10));
  expect(media.currentPackage).toBe(former);
  expect(former.ended).toBe(true);
});

test('a publish after the end has a package of its own at once, and the end can still be loaded', async () => {
  const media = startMedia();
  addRun(media, withSound, 7);
  const lastMsn = media.currentPackage.nextMsn() - 1;
  media.end();
  media.onPublish({ latency: 'low' });
  expect(media.hasEnded).toBe(false);
  const { body } = await ask(media, `480p/media.m3u8?_HLS_msn=${lastMsn + 1}`);
  expect(parseMediaPlaylist(body).isEnded).toBe(true);
  expect((await ask(media, `480p/7-${lastMsn}.m4s`)).status).toBe(200);
});

test('only the last two presentations are kept', () => {
  const media = startMedia();
  for (let epoch = 7; epoch < 12; epoch++) {
    media.onPublish({ latency: epoch % 2 === 0 ? 'standard' : 'low' });
    addRun(media, withSound, epoch);
  }
  expect(media.formerPackages.map((former) => former.playableRun?.epoch)).toEqual([10, 9]);
});

test('an end waits for a last segment only if viewers have something to play', async () => {
  const media = startMedia();
  const sink = media.beginRun(toMediaRun(withSound, 7));
  const isSound = ({ rendition }: { readonly rendition: string }): boolean => rendition === 'audio';
  const steps = interleaved(withSound);
  feed(
    sink,
    steps.filter((step) => !isSound(step)),
  );
  expect(media.currentPackage.renditions.get('480p')?.newest()).toBeDefined();
  expect(media.untilLastSegment()).toBeNull();
  feed(sink, steps.filter(isSound));
  const lastSegment = media.untilLastSegment();
  expect(lastSegment).not.toBeNull();
  media.freeze();
  media.recheckArrivals();
  await lastSegment;
});
