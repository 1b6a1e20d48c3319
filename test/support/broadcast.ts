import { type ClipOptions, makeClip } from '#kit/clip.ts';
import { startPublisher, type TestPublisher } from '#kit/publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import type { TestStream } from './platform.ts';

/** The smallest picture in which the frame counter can be read. Encoding it leaves the CPU to others. */
export const SMALL_CLIP = { width: 320, height: 180, seconds: 8, videoKbps: 300 } satisfies Partial<ClipOptions>;

/** Publishes a clip over and over, by default a small one. */
export async function publish(rtmpUrl: string, clip: Partial<ClipOptions> = SMALL_CLIP): Promise<TestPublisher> {
  return startPublisher({ clipPath: await makeClip(clip), rtmpUrl });
}

/** Resolves to a stream's multivariant playlist once viewers can get it. */
export function waitUntilPlayable({ liveUrl }: Pick<TestStream, 'liveUrl'>): Promise<string> {
  return waitFor('the multivariant playlist', async () => {
    const response = await fetch(`${liveUrl}/master.m3u8`);
    return response.ok && response.text();
  });
}

/** A media playlist as it is now. */
export async function fetchMediaPlaylist({ liveUrl }: TestStream, rendition: string): Promise<string> {
  return (await fetch(`${liveUrl}/${rendition}/media.m3u8`)).text();
}
