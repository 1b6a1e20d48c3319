/** How often a stream without sound or without a picture is asked whether it has both by now, in milliseconds. */
export const TRACK_CHECK_MS = 5000;
const TIMEOUT_MS = 4000;

/** What a multivariant playlist offers. */
export interface OfferedTracks {
  readonly hasPicture: boolean;
  readonly hasSound: boolean;
}

export interface TrackWatchOptions {
  /** Absolute URL of the multivariant playlist. */
  readonly masterUrl: string;
  /** What the playlist offered when playback began. Resolves to null if nobody knows. */
  readonly firstOffer: Promise<OfferedTracks | null>;
  readonly fetch: typeof fetch;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/**
 * Players load the multivariant playlist once. So they go on with what a stream had then if its camera or its microphone
 * is switched on later. Resolves to true once the stream offers a picture or sound that it did not offer at first, and to
 * false if it offers both, or when `signal` aborts. Never rejects.
 */
export async function gainsTrack(options: TrackWatchOptions): Promise<boolean> {
  const { masterUrl, fetch, sleep, signal } = options;
  let first = await options.firstOffer;
  let now = first;
  while (!signal.aborted) {
    now ??= await offeredTracks(masterUrl, fetch, signal);
    first ??= now;
    if (first?.hasPicture && first.hasSound) return false;
    if (first !== null && now !== null && hasMore(now, first)) return !signal.aborted;
    now = null;
    await sleep(TRACK_CHECK_MS);
  }
  return false;
}

/** What variants offer, by their attributes (RFC 8216bis 4.4.6.2). */
export const offerOf = (
  variants: readonly { RESOLUTION?: string | undefined; CODECS?: string | undefined }[],
): OfferedTracks => ({
  hasPicture: variants.some(({ RESOLUTION }) => RESOLUTION !== undefined),
  hasSound: variants.some(({ CODECS }) => CODECS?.includes('mp4a')),
});

const hasMore = (now: OfferedTracks, before: OfferedTracks): boolean =>
  (now.hasPicture && !before.hasPicture) || (now.hasSound && !before.hasSound);

/** Null if the playlist can't be loaded. Playback itself finds out why. */
async function offeredTracks(
  masterUrl: string,
  fetchImpl: typeof fetch,
  signal: AbortSignal,
): Promise<OfferedTracks | null> {
  try {
    const response = await fetchImpl(masterUrl, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
    if (!response.ok) return null;
    const playlist = await response.text();
    return offerOf([
      { RESOLUTION: /RESOLUTION=([^,]*)/.exec(playlist)?.[1], CODECS: /CODECS="([^"]*mp4a)/.exec(playlist)?.[1] },
    ]);
  } catch {
    return null;
  }
}
