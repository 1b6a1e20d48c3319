import type { TimedDatum } from '#encoder/media/media-run.ts';
import { parseSpliceInfo } from '#encoder/media/splice-info.ts';
import { childBoxes } from '#encoder/package/box-stream.ts';
import { renderMultivariantPlaylist } from '#encoder/package/multivariant-playlist.ts';
import { offeredRenditions, offeredSchema } from '#encoder/package/offered-renditions.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import { checkMultivariantPlaylist } from '#scripts/check-hls/check-playlist.ts';
import { type EncodedRun, encodeRun, FPS_30, feed, interleaved, toMediaRun } from '#test/support/encoded-run.ts';
import { spliceInsert } from '#test/support/splice-sections.ts';
import { FollowedPackage } from './followed-package.ts';

const VIDEO = { frameRate: FPS_30, keyframeFrames: 60, bFrames: 0 };
const splices = parseSpliceInfo(spliceInsert(7, true, 30));

/** What is said at moments of a run, each taken once. */
function sayingAt(...moments: readonly number[]) {
  const said = moments.map(
    (mediaSeconds): TimedDatum => ({
      ...{ mediaSeconds, leadSeconds: 0 },
      message: { id3: Buffer.from(`ID3 ${mediaSeconds}`), splices, timeSeconds: null },
    }),
  );
  return (untilSeconds: number): TimedDatum[] => {
    const taken = said.filter(({ mediaSeconds }) => mediaSeconds < untilSeconds);
    said.splice(0, taken.length);
    return taken;
  };
}

/** The text and media time of each event, with the number of its part of all that the rendition has. */
function eventsOf(stream: StreamPackage, rendition: string) {
  const parts =
    stream.renditions
      .get(rendition)
      ?.held()
      .flatMap((segment) => segment.parts) ?? [];
  return parts.flatMap(({ data }, part) =>
    childBoxes(data).flatMap(({ type, data: box }) => {
      if (type !== 'emsg') return [];
      const seconds = Number(box.readBigUInt64BE(16)) / box.readUInt32BE(12);
      return [{ part, seconds, text: box.toString('latin1').split('\0').at(-1) }];
    }),
  );
}

const dateRangesIn = (playlist: string) => playlist.match(/^#EXT-X-DATERANGE:.*$/gm) ?? [];

async function sayingRun(encoded: EncodedRun, ...moments: readonly number[]): Promise<FollowedPackage> {
  const followed = new FollowedPackage('low');
  // Another run first, so that times are moved.
  followed.addRun(toMediaRun(encoded, 7), interleaved(encoded));
  followed.addRun(toMediaRun(encoded, 8, { takeTimedData: sayingAt(...moments) }), interleaved(encoded));
  expect(followed.violations).toEqual([]);
  return followed;
}

test('events are in the parts of all video renditions where they belong, on the timeline of the stream', async () => {
  const { stream } = await sayingRun(await encodeRun({ video: VIDEO }), 1, 2.71, 6.9);
  const startSeconds = 1 + 6;
  for (const rendition of ['480p', '360p']) {
    expect(eventsOf(stream, rendition)).toMatchObject([
      { part: 12, text: 'ID3 1' },
      { part: 12 + 3, text: 'ID3 2.71' },
      { part: 12 + 11, text: 'ID3 6.9' },
    ]);
    for (const { seconds, text = '' } of eventsOf(stream, rendition)) {
      expect(seconds).toBeCloseTo(startSeconds + Number(text.slice(4)) - 1, 3);
    }
  }
  expect(eventsOf(stream, 'audio')).toEqual([]);
});

test('events of a source without a picture are in its sound', async () => {
  const { stream } = await sayingRun(await encodeRun({ video: null }), 1.3);
  expect(eventsOf(stream, 'audio')).toMatchObject([{ text: 'ID3 1.3' }]);
});

test('a break is in every playlist, delta updates included, and moves with the stream to another task', async () => {
  const followed = await sayingRun(await encodeRun({ video: VIDEO }), 2.71);
  const before = ['480p', '360p', 'audio'].map((rendition) => dateRangesIn(followed.playlist(rendition)));
  expect(before[0]).toEqual([expect.stringContaining('START-DATE="2026-06-01T12:00:02.710Z",PLANNED-DURATION=30.000')]);
  followed.stream.entitle('Ein "Titel"\nin zwei Zeilen');
  await followed.move();
  for (const rendition of ['480p', '360p', 'audio']) {
    expect(dateRangesIn(followed.playlist(rendition))).toEqual(before[0]);
    expect(dateRangesIn(followed.playlist(rendition, true))).toEqual(before[0]);
  }
  expect(followed.violations).toEqual([]);
  expect(eventsOf(followed.stream, '480p')).toHaveLength(1);
  expect(renderMultivariantPlaylist(followed.stream)).toContain(
    `#EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.title",VALUE="Ein 'Titel' in zwei Zeilen"\n`,
  );
});

test('the language that a publisher names is told, with its name', async () => {
  const encoded = await encodeRun({ video: VIDEO });
  const followed = new FollowedPackage('low');
  const audio = { sampleRateHz: 48_000, channels: 2, audioKbps: 128, language: 'pt-BR' } as const;
  feed(followed.beginRun(toMediaRun(encoded, 7, { audio })), interleaved(encoded));
  const playlist = renderMultivariantPlaylist(followed.stream) ?? '';
  expect(playlist).toContain('NAME="Brazilian Portuguese",LANGUAGE="pt-BR"');
  expect(checkMultivariantPlaylist(playlist)).toEqual([]);
  expect(playlist).not.toContain('SESSION-DATA');
  const offered = JSON.parse(JSON.stringify(offeredRenditions(followed.stream)));
  expect(offeredSchema.parse(offered).run.audio?.language).toBe('pt-BR');
  offered.run.audio.language = 'pt-BR"';
  expect(offeredSchema.safeParse(offered).success).toBe(false);
});
