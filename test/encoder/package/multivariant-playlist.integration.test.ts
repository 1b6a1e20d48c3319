import type { VideoRendition } from '#encoder/media/media-run.ts';
import { renderMultivariantPlaylist } from '#encoder/package/multivariant-playlist.ts';
import { segmentBytes } from '#encoder/package/segment.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import {
  type EncodedRun,
  type EncodedRunOptions,
  encodeRun,
  FPS_30,
  feed,
  interleaved,
  toMediaRun,
} from '#test/support/encoded-run.ts';
import { checkMultivariantPlaylist, parseMultivariantPlaylist } from '#test/support/multivariant-checker.ts';

const WINDOW_SECONDS = 30;
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

test('before a playlist window was measured, it declares the configured bitrates plus the container', async () => {
  const stream = new StreamPackage({ latency: 'ultra', firstMsn: 100 });
  addRuns(stream, await encodeRun(RUN), 7, 2);
  // A second has 5 chunks with 100 bytes of headers and 16 bytes per frame: 30 frames of video, 46.875 frames of audio.
  const video = (5 * 100 + 30 * 16) * 8;
  const audio = (5 * 100 + 46.875 * 16) * 8;
  expect(declaredBy(stream).get('480p')).toEqual({
    bandwidth: 1_250_000 + video + 140_800 + audio,
    average: 1_000_000 + video + 128_000 + audio,
  });
});

test('after that, it declares the measured bitrates', async () => {
  const stream = new StreamPackage({ latency: 'ultra', firstMsn: 100 });
  const encoded = await encodeRun(RUN);
  addRuns(stream, encoded, 7, 4);
  const audio = measure(stream, 'audio');
  expect(stream.renditions.get('480p')?.listed().length).toBe(WINDOW_SECONDS);
  for (const rendition of ['480p', '360p']) {
    const video = measure(stream, rendition);
    const declared = declaredBy(stream).get(rendition);
    expect(declared?.average).toBe(Math.ceil(video.average) + Math.ceil(audio.average));
    expect(declared?.bandwidth).toBeGreaterThanOrEqual(video.bandwidth + audio.bandwidth);
    expect(declared?.bandwidth).toBeLessThan(1.1 * (video.bandwidth + audio.bandwidth));
  }
});

test('it declares the measured bitrates of audio alone', async () => {
  const stream = new StreamPackage({ latency: 'ultra', firstMsn: 100 });
  addRuns(stream, await encodeRun({ ...RUN, video: null }), 7, 4);
  const { average, bandwidth } = measure(stream, 'audio');
  const declared = declaredBy(stream).get('audio');
  expect(declared?.average).toBe(Math.ceil(average));
  expect(declared?.bandwidth).toBeGreaterThanOrEqual(bandwidth);
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
