import type { VideoRendition } from '#encoder/media/media-run.ts';
import { renderMultivariantPlaylist } from '#encoder/package/multivariant-playlist.ts';
import { segmentBytes } from '#encoder/package/segment.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { checkMultivariantPlaylist } from '#scripts/check-hls/check-playlist.ts';
import { parseMultivariantPlaylist } from '#scripts/check-hls/playlist/multivariant-playlist.ts';
import {
  type EncodedRun,
  type EncodedRunOptions,
  encodeRun,
  FPS_30,
  feed,
  interleaved,
  toMediaRun,
} from '#test/support/encoded-run.ts';

const RUN: Partial<EncodedRunOptions> = { seconds: 10, video: { frameRate: FPS_30, keyframeFrames: 30, bFrames: 0 } };

interface Declared {
  readonly bandwidth: number;
  readonly average: number;
}

function declaredBy(stream: StreamPackage): Map<string, Declared> {
  const text = renderMultivariantPlaylist(stream) ?? '';
  expect(checkMultivariantPlaylist(text)).toEqual([]);
  return new Map(
    parseMultivariantPlaylist(text).variants.map(({ uri, attributes }) => [
      uri.split('/')[0] ?? '',
      { bandwidth: Number(attributes.get('BANDWIDTH')), average: Number(attributes.get('AVERAGE-BANDWIDTH')) },
    ]),
  );
}

/** Bit/s of a rendition's complete segments: the average, and the peak of those that were not cut short. */
function measure(stream: StreamPackage, rendition: string): Declared {
  const segments =
    stream.renditions
      .get(rendition)
      ?.held()
      .filter(({ isComplete }) => isComplete) ?? [];
  const seconds = segments.reduce((sum, segment) => sum + segment.durationSeconds, 0);
  const bytes = segments.reduce((sum, segment) => sum + segmentBytes(segment), 0);
  const long = segments.filter(({ durationSeconds }) => durationSeconds >= stream.targetDurationSeconds / 2);
  const rates = long.map((segment) => (segmentBytes(segment) * 8) / segment.durationSeconds);
  return { bandwidth: Math.max(...rates), average: (bytes * 8) / seconds };
}

function addRuns(stream: StreamPackage, encoded: EncodedRun, first: number, count: number, videoKbps?: number): void {
  for (let epoch = first; epoch < first + count; epoch++) {
    const run = toMediaRun(encoded, epoch);
    const video = run.video.map(
      (rendition): VideoRendition => ({ ...rendition, videoKbps: videoKbps ?? rendition.videoKbps }),
    );
    const sink = stream.beginRun({ ...run, video });
    feed(sink, interleaved(encoded));
    sink.end();
  }
}

// A second has 5 chunks with 100 bytes of headers and 16 bytes per frame: 30 frames of video, 46.875 frames of audio.
const VIDEO_CONTAINER = (5 * 100 + 30 * 16) * 8;
const AUDIO_CONTAINER = (5 * 100 + 46.875 * 16) * 8;
const TOLD = {
  bandwidth: 1_250_000 + VIDEO_CONTAINER + 140_800 + AUDIO_CONTAINER,
  average: 1_000_000 + VIDEO_CONTAINER + 128_000 + AUDIO_CONTAINER,
};

test.each([
  ['before a playlist window was measured', 2],
  ['after a playlist window of less', 4],
])('%s, it declares what the encoder was told, plus the container', async (_, runs) => {
  const stream = new StreamPackage({ latency: 'ultra', firstMsn: 100 });
  addRuns(stream, await encodeRun(RUN), 7, runs);
  expect(measure(stream, '480p').bandwidth).toBeLessThan(1_000_000);
  expect(declaredBy(stream).get('480p')).toEqual(TOLD);
});

test('a picture that stood still for a minute lowers nothing', async () => {
  const stream = new StreamPackage({ latency: 'ultra', firstMsn: 100 });
  addRuns(stream, await encodeRun({ ...RUN, picture: 'black' }), 7, 6);
  expect(measure(stream, '480p').bandwidth).toBeLessThan(50_000);
  expect(declaredBy(stream).get('480p')).toEqual(TOLD);
});

test('once a playlist window was measured that has more than the encoder was told, it declares that', async () => {
  const stream = new StreamPackage({ latency: 'ultra', firstMsn: 100 });
  addRuns(stream, await encodeRun(RUN), 7, 4, 1);
  const { average, bandwidth } = measure(stream, '480p');
  const declared = declaredBy(stream).get('480p');
  expect(declared?.average).toBe(Math.ceil(average) + Math.ceil(128_000 + AUDIO_CONTAINER));
  expect(declared?.bandwidth).toBeGreaterThanOrEqual(bandwidth + 140_800 + AUDIO_CONTAINER);
});

test('audio alone has what its encoder was told', async () => {
  const stream = new StreamPackage({ latency: 'ultra', firstMsn: 100 });
  addRuns(stream, await encodeRun({ ...RUN, video: null }), 7, 4);
  const declared = declaredBy(stream).get('audio');
  expect(declared?.average).toBeGreaterThanOrEqual(128_000);
  expect(declared?.bandwidth).toBeGreaterThanOrEqual(140_800);
  expect(declared?.bandwidth).toBeGreaterThanOrEqual(measure(stream, 'audio').bandwidth);
});

test('a segment above the configured bitrate raises the declared peak at once', async () => {
  const stream = new StreamPackage({ latency: 'ultra', firstMsn: 100 });
  addRuns(stream, await encodeRun(RUN), 7, 1, 1);
  const { bandwidth } = measure(stream, '480p');
  expect(bandwidth).toBeGreaterThan(10_000);
  expect(declaredBy(stream).get('480p')?.bandwidth).toBeGreaterThanOrEqual(
    bandwidth + measure(stream, 'audio').bandwidth,
  );
});
