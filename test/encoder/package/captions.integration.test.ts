import { renderDashManifest } from '#encoder/package/dash-manifest.ts';
import { endedPackage } from '#encoder/package/lost-package.ts';
import { renderMultivariantPlaylist } from '#encoder/package/multivariant-playlist.ts';
import { offeredRenditions, offeredSchema } from '#encoder/package/offered-renditions.ts';
import { exportPackage } from '#encoder/package/package-export.ts';
import { restorePackage } from '#encoder/package/package-restore.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { checkMultivariantPlaylist } from '#scripts/check-hls/check-playlist.ts';
import { parseMultivariantPlaylist } from '#scripts/check-hls/playlist/multivariant-playlist.ts';
import { type CaptionBytes, FIELD_1_TEXT, withCaptions } from '#test/support/captions.ts';
import { makeSourceTags } from '../transcode/source-clip.ts';
import { startSession, stopSessions } from '../transcode/transcode-session.ts';

const BOTH_STANDARDS: readonly CaptionBytes[] = [...FIELD_1_TEXT, [3, 0x02, 0x22], [2, 0x41, 0x42]];

afterEach(stopSessions);

/** What the real FFmpeg and the packager make of a source with captions from `fromMs` on. */
async function packageOf(captions: readonly CaptionBytes[], fromMs = 0): Promise<StreamPackage> {
  const tags = await makeSourceTags({
    seconds: 4,
    video: { width: 320, height: 180, frameRate: '30', keyframeSeconds: 1 },
    audio: { sampleRateHz: 48_000, channels: 2 },
  });
  const stream = new StreamPackage({ latency: 'low', firstMsn: 100 });
  const session = startSession({ ladder: '360p', stream });
  session.burst(withCaptions(tags, captions, fromMs));
  await session.until(() => (stream.renditions.get('360p')?.held().length ?? 0) > 1);
  await session.transcoder.stop();
  return stream;
}

/** INSTREAM-ID of each declared channel, and CLOSED-CAPTIONS of the variants. */
function declaredBy(stream: StreamPackage) {
  const text = renderMultivariantPlaylist(stream) ?? '';
  expect(checkMultivariantPlaylist(text)).toEqual([]);
  const { media, variants } = parseMultivariantPlaylist(text);
  return {
    channels: media.flatMap((item) => item.get('INSTREAM-ID') ?? []),
    groups: variants.map(({ attributes }) => attributes.get('CLOSED-CAPTIONS')),
  };
}

/** The captions that a DASH manifest declares, by the scheme of their standard. */
function declaredInDash(stream: StreamPackage): string[][] {
  const manifest = renderDashManifest(stream, { publishedAtMs: 0, phase: 'live' }) ?? '';
  const found = manifest.matchAll(
    /<Accessibility schemeIdUri="urn:scte:dash:cc:(cea-[67]08):2015" value="([^"]*)"\/>/g,
  );
  return [...found].map(([, standard = '', value = '']) => [standard, value]);
}

test('captions that come out of the encoder are declared, and stay so on another task', async () => {
  const stream = await packageOf(BOTH_STANDARDS);
  const expected = { channels: ['CC1', 'SERVICE1'], groups: ['cc'] };
  expect(declaredBy(stream)).toEqual(expected);
  expect(declaredInDash(stream)).toEqual([
    ['cea-608', 'CC1=und'],
    ['cea-708', '1=lang:und'],
  ]);
  stream.end();
  const moved = await restorePackage(exportPackage(stream).chunks, { maxBytes: 64 * 1024 * 1024 });
  expect(declaredBy(moved)).toEqual(expected);
  const offered = offeredSchema.parse(JSON.parse(JSON.stringify(offeredRenditions(stream))));
  const lost = endedPackage({ latency: 'low', offered, firstMsn: 900, discontinuityNumber: 1000, endedAtMs: 0 });
  expect(declaredBy(lost)).toEqual(expected);
});

test('captions that begin later are declared from then on', async () => {
  const stream = await packageOf(FIELD_1_TEXT, 3_000);
  expect(declaredBy(stream)).toEqual({ channels: ['CC1'], groups: ['cc'] });
  expect(declaredInDash(stream)).toEqual([['cea-608', 'CC1=und']]);
});

test('padding is no caption', async () => {
  const stream = await packageOf([
    [0, 0x80, 0x80],
    [1, 0x80, 0x80],
  ]);
  expect(declaredBy(stream)).toEqual({ channels: [], groups: ['NONE'] });
  expect(declaredInDash(stream)).toEqual([]);
  expect(offeredRenditions(stream)).not.toHaveProperty('captions');
});
