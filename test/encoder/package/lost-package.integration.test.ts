import { LADDER_NAMES, ladderRungs } from '#domain/ladders.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { endedPackage, resumedPackage } from '#encoder/package/lost-package.ts';
import { renderMultivariantPlaylist } from '#encoder/package/multivariant-playlist.ts';
import { type Offered, offeredRenditions, offeredSchema } from '#encoder/package/offered-renditions.ts';
import { exportPackage } from '#encoder/package/package-export.ts';
import { restorePackage } from '#encoder/package/package-restore.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { PlaylistRecorder } from '#kit/playlist-recorder.ts';
import { checkMediaPlaylist } from '#scripts/check-hls/check-playlist.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import { type EncodedRun, encodeRun, FPS_30, feed, interleaved, toMediaRun } from '#test/support/encoded-run.ts';
import { askPackage } from '../origin/running-origin.ts';

const ENDED_AT_MS = Date.UTC(2026, 5, 1, 13);

let encoded: EncodedRun;

beforeAll(async () => {
  encoded = await encodeRun({ video: { frameRate: FPS_30, keyframeFrames: 30, bFrames: 0 } });
});

/** A stream whose source became smaller, so that players of 480p have a rendition that is no longer offered. */
function liveStream(latency: 'ultra' | 'low' | 'standard' = 'low'): StreamPackage {
  const stream = new StreamPackage({ latency, firstMsn: 100 });
  feed(stream.beginRun(toMediaRun(encoded, 7)), interleaved(encoded));
  const [, smaller] = toMediaRun(encoded, 8).video;
  feed(
    stream.beginRun(toMediaRun(encoded, 8, { video: smaller === undefined ? [] : [smaller] })),
    interleaved(encoded),
  );
  return stream;
}

function offeredBy(stream: StreamPackage): Offered {
  const stored: unknown = JSON.parse(JSON.stringify(offeredRenditions(stream)));
  return offeredSchema.parse(stored);
}

async function ask(stream: StreamPackage, path: string): Promise<{ status: number; body: string }> {
  const { status, body } = await askPackage(stream, path);
  return { status, body: String(body) };
}

test.each(LATENCY_NAMES)('%s: what is lost ends for viewers as the same presentation', async (latency) => {
  const lost = liveStream(latency);
  const recorder = new PlaylistRecorder();
  const ended = endedPackage({
    latency,
    firstMsn: 9000,
    discontinuityNumber: 1007,
    offered: offeredBy(lost),
    endedAtMs: ENDED_AT_MS,
  });
  for (const stream of [lost, ended]) {
    for (const name of ['480p', '360p', 'audio']) {
      const url = `${name}/media.m3u8`;
      recorder.add({ url, body: (await ask(stream, url)).body });
    }
  }
  expect(recorder.violations()).toEqual([]);
  expect(recorder.answers).toBe(6);
  const last = lost.nextMsn() - 1;
  const { body } = await ask(ended, '480p/media.m3u8?_HLS_msn=107&_HLS_part=1&_HLS_skip=YES');
  const { segments, isEnded } = parseMediaPlaylist(body);
  expect(isEnded).toBe(true);
  expect(segments).toMatchObject([{ msn: last, uri: `8-${last}.m4s`, map: '8-init.mp4', isGap: false }]);
  // Caches would keep an empty segment for a year.
  for (const file of [`8-${last}.m4s`, '8-init.mp4']) expect((await ask(ended, `480p/${file}`)).status).toBe(404);
  expect(await ask(ended, 'status.json')).toMatchObject({ status: 200, body: expect.stringContaining('"ended"') });
  expect(renderMultivariantPlaylist(ended)).toBe(renderMultivariantPlaylist(withoutMeasurements(lost)));
});

/** Bitrates that were measured are lost, too. The first seconds of a stream have only the configured ones. */
function withoutMeasurements(stream: StreamPackage): StreamPackage {
  stream.freeze();
  const { timelines, ...rest } = stream.snapshot();
  const nothing = { peakBitsPerSecond: 0, totalBytes: 0, totalSeconds: 0, recent: [] };
  return new StreamPackage({ ...rest, timelines: timelines.map((timeline) => ({ ...timeline, bitrates: nothing })) });
}

test('a rendition without a known segment ends with a gap, above all that was seen', async () => {
  const offered = offeredBy(liveStream());
  const { audio: _, ...lastSegments } = offered.lastSegments;
  const ended = endedPackage({
    ...{ latency: 'low', firstMsn: 900, discontinuityNumber: 1007, endedAtMs: ENDED_AT_MS },
    offered: { ...offered, lastSegments },
  });
  const { body } = await ask(ended, 'audio/media.m3u8');
  expect(checkMediaPlaylist(body)).toEqual([]);
  const { segments, isEnded, discontinuitySequence } = parseMediaPlaylist(body);
  expect({ isEnded, discontinuitySequence }).toEqual({ isEnded: true, discontinuitySequence: 1007 });
  expect(segments).toMatchObject([{ msn: 900, isGap: true, map: null, programDateTimeMs: ENDED_AT_MS }]);
});

describe('a stream that goes on although its media is lost', () => {
  test('lists the last known segment, gaps, and the new run after a discontinuity', async () => {
    const lost = liveStream();
    const last = lost.nextMsn() - 1;
    const stream = resumedPackage({ latency: 'low', firstMsn: last + 3, offered: offeredBy(lost) });
    expect(stream.fits(toMediaRun(encoded, 1007, { audio: null }))).toBe(false);
    feed(stream.beginRun(toMediaRun(encoded, 1007)), interleaved(encoded));
    for (const moved of [stream, await move(stream)]) {
      const { body } = await ask(moved, '360p/media.m3u8');
      const { segments, isEnded } = parseMediaPlaylist(body);
      expect(isEnded).toBe(false);
      expect(
        segments.slice(0, 5).map((it) => `${'! '.repeat(it.discontinuities)}${it.uri}${it.isGap ? ' gap' : ''}`),
      ).toEqual([
        `8-${last}.m4s`,
        ...[`8-${last + 1}.m4s gap`, `8-${last + 2}.m4s gap`],
        ...[`! ! 1007-${last + 3}.m4s`, `1007-${last + 4}.m4s`],
      ]);
      expect(checkMediaPlaylist(body)).toEqual([]);
      expect((await ask(moved, `360p/8-${last}.m4s`)).status).toBe(404);
      expect((await ask(moved, `360p/1007-${last + 3}.m4s`)).status).toBe(200);
    }
  });

  test('is no stream that leaves out many segments', () => {
    const lost = liveStream();
    const resumedAt = (firstMsn: number) => () =>
      resumedPackage({ latency: 'low', firstMsn, offered: offeredBy(lost) });
    expect(resumedAt(lost.nextMsn() + 32)).not.toThrow();
    expect(resumedAt(lost.nextMsn() + 33)).toThrow('too many segments');
  });

  test('has media once the next run has a part of each rendition', () => {
    const stream = resumedPackage({ latency: 'low', firstMsn: 120, offered: offeredBy(liveStream()) });
    const sink = stream.beginRun(toMediaRun(encoded, 1007));
    const steps = interleaved(encoded);
    const parts = (name: string) => stream.renditions.get(name)?.newest()?.parts.length ?? 0;
    while (parts('360p') === 0 || parts('audio') === 0) {
      expect(stream.hasMedia).toBe(false);
      const step = steps.shift();
      if (step === undefined) throw new Error('the run has no parts');
      sink.write(step.rendition, step.chunk);
    }
    expect(stream.hasMedia).toBe(true);
  });

  test('serves the same presentation as before until there is a new run', async () => {
    const lost = liveStream();
    const stream = resumedPackage({ latency: 'low', firstMsn: lost.nextMsn() + 2, offered: offeredBy(lost) });
    expect(stream).toMatchObject({ ended: false, isFrozen: false });
    expect(await ask(stream, 'status.json')).toMatchObject({ body: expect.stringContaining('"live"') });
    expect(offeredBy(stream)).toEqual(offeredBy(lost));
  });
});

async function move(stream: StreamPackage): Promise<StreamPackage> {
  stream.freeze();
  return restorePackage(exportPackage(stream).chunks, { maxBytes: 64 * 1024 * 1024 });
}

describe('what a stream offers', () => {
  test('is nothing before it can be played', () => {
    expect(offeredRenditions(new StreamPackage({ latency: 'low', firstMsn: 1 }))).toBeNull();
  });

  test('names the renditions that are no longer made', () => {
    expect(offeredBy(liveStream())).toEqual({
      run: expect.objectContaining({ epoch: 8, video: [expect.objectContaining({ name: '360p' })] }),
      codecs: { '360p': expect.stringMatching(/^avc1\.[0-9a-f]{6}$/), audio: 'mp4a.40.2' },
      partTargetSeconds: 0.512,
      lastSegments: {
        '480p': expect.objectContaining({ msn: 111, epoch: 8, discontinuityNumber: 8, durationSeconds: 1 }),
        '360p': expect.objectContaining({ msn: 111 }),
        audio: expect.objectContaining({ msn: 111 }),
      },
    });
  });

  test('has less than 2 KB, even for the longest ladder', () => {
    const { run, lastSegments } = offeredBy(liveStream());
    const video = ladderRungs('2160p').map(({ name, videoKbps }) => ({ name, width: 3840, height: 2160, videoKbps }));
    const codecs = Object.fromEntries([...LADDER_NAMES, 'audio'].map((name) => [name, 'avc1.640033']));
    const large = { msn: 2 ** 31, epoch: 1e9, discontinuityNumber: 1e9, durationSeconds: 12.34567 };
    const names = [...LADDER_NAMES, 'audio'];
    const offered = offeredSchema.parse({
      ...{ run: { ...run, epoch: 1e9, video }, codecs },
      lastSegments: Object.fromEntries(names.map((name) => [name, { ...lastSegments.audio, ...large }])),
    });
    expect(JSON.stringify(offered).length).toBeLessThan(2048);
  });

  test.each<[string, (offered: Offered) => unknown]>([
    ['an unknown field', (offered) => ({ ...offered, more: 1 })],
    ['a codec that ends its quotation', ({ codecs, ...rest }) => ({ ...rest, codecs: { ...codecs, audio: 'mp4a"' } })],
    ['a codec too few', (offered) => ({ ...offered, codecs: {} })],
    ['a codec too many', ({ codecs, ...rest }) => ({ ...rest, codecs: { ...codecs, '720p': 'avc1.640033' } })],
    ['a rendition that is no rung', (it) => ({ ...it, lastSegments: { '../x': it.lastSegments.audio } })],
    ['no date', (it) => ({ ...it, lastSegments: { audio: { ...it.lastSegments.audio, programDateTimeMs: null } } })],
  ])('is refused with %s', (_, change) => {
    const offered = offeredBy(liveStream());
    expect(offeredSchema.safeParse(offered).success).toBe(true);
    expect(offeredSchema.safeParse(change(offered)).success).toBe(false);
  });
});
