import type { LatencyName } from '#domain/latency-profiles.ts';
import { makeClip } from '#kit/clip.ts';
import { findLiveFfmpeg } from '#kit/encoder-processes.ts';
import { isPlayable } from '#kit/first-playlist.ts';
import { startPublisher, type TestPublisher } from '#kit/publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import type { BenchContext } from '../bench-context.ts';
import { type RunningHeadend, startHeadend } from '../systems/headend.ts';
import type { StreamUrls } from './player-under-test.ts';

const START_TIMEOUT_SECONDS = 60;
const CLIP = { width: 640, height: 360, videoKbps: 1_500 } as const;
/** What the publisher shows first when it is back. */
export const LATER_FIRST_FRAME = 10_000;

/** A stream that players watch. It has one rendition, so that a small machine can encode and play it. */
export interface MeasuredBroadcast {
  readonly urls: StreamUrls;
  /** The present one. */
  readonly publisher: TestPublisher;
  killFfmpeg(): Promise<void>;
  /** Resolves to when it has sent its first packet, in milliseconds since 1970. */
  publishAgain(): Promise<number>;
  end(): Promise<void>;
}

/** Resolves when the stream can be played. It ends with the context. */
export async function startBroadcast(context: BenchContext, latency: LatencyName): Promise<MeasuredBroadcast> {
  const clipPath = await makeClip(CLIP);
  // Other numbers, so that what comes late of the first publisher is not taken for the second one's.
  const laterClipPath = await makeClip({ ...CLIP, firstFrameNumber: LATER_FIRST_FRAME });
  const running = await startHeadend(context, latency, { ladder: '360p' });
  const { watchUrl, multivariantPlaylistUrl, publishUrl: rtmpUrl } = running;
  let publisher = await startPublisher({ clipPath, rtmpUrl });
  context.defer(() => publisher.kill());
  await waitFor('a playable playlist', () => isPlayable(multivariantPlaylistUrl, context.signal), {
    ...{ signal: context.signal, timeoutMs: START_TIMEOUT_SECONDS * 1000 },
  });
  return {
    urls: {
      ...{ watchUrl, multivariantPlaylistUrl },
      manifestUrl: multivariantPlaylistUrl.replace('master.m3u8', 'manifest.mpd'),
    },
    get publisher() {
      return publisher;
    },
    killFfmpeg: () => killFfmpeg(running),
    publishAgain: async () => {
      publisher = await startPublisher({ clipPath: laterClipPath, rtmpUrl });
      const firstPacketAtMs = await publisher.firstPacketAtMs;
      if (firstPacketAtMs === null) throw new Error(`publish failed: ${(await publisher.exited).stderrTail}`);
      return firstPacketAtMs;
    },
    end: async () => {
      await running.api.stopStream(running.streamId);
    },
  };
}

async function killFfmpeg({ encoderPid }: RunningHeadend): Promise<void> {
  const pid = await findLiveFfmpeg(encoderPid);
  if (pid === null) throw new Error('there is no FFmpeg to kill');
  process.kill(pid, 'SIGKILL');
}
