import { makeClip } from '#kit/clip.ts';
import { isPlayable } from '#kit/first-playlist.ts';
import { startPublisher } from '#kit/publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import type { BenchContext } from './bench-context.ts';
import { type RunningHeadend, startHeadend } from './systems/headend.ts';

const PLAYABLE_TIMEOUT_SECONDS = 30;

/** Starts Headend with a stream. `publish` resolves when the stream is playable. Both end with the context. */
export async function prepareLiveStream(
  context: BenchContext,
): Promise<{ readonly running: RunningHeadend; publish(): Promise<void> }> {
  const clipPath = await makeClip();
  const running = await startHeadend(context, 'low');
  const publish = async (): Promise<void> => {
    const publisher = await startPublisher({ clipPath, rtmpUrl: running.publishUrl });
    context.defer(() => publisher.kill());
    await waitFor(
      'a playable playlist',
      async () => await isPlayable(running.multivariantPlaylistUrl, context.signal),
      { signal: context.signal, timeoutMs: PLAYABLE_TIMEOUT_SECONDS * 1000 },
    );
  };
  return { running, publish };
}
