import { useState } from 'preact/hooks';
import { posterPeriod } from './clock.ts';
import { activityOf, type StudioStream } from './studio-stream.ts';

/** The newest picture of a stream that everybody may watch. Otherwise its first letter. */
export function StreamPoster({ stream }: { readonly stream: StudioStream }) {
  const [failedAt, setFailedAt] = useState<number | null>(null);
  const period = posterPeriod.value;
  const isShown = activityOf(stream) === 'live' && stream.playback === 'public' && failedAt !== period;
  const source = stream.playbackUrl.replace(/[^/]+$/, `poster.jpg?${period}`);
  return (
    <span class="stream-poster" aria-hidden="true">
      {isShown ? (
        <img src={source} alt="" loading="lazy" decoding="async" onError={() => setFailedAt(period)} />
      ) : (
        <span class="stream-initial">{[...stream.title][0]?.toLocaleUpperCase()}</span>
      )}
    </span>
  );
}
