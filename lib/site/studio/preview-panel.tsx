import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../ui/icon.tsx';
import { activityOf, type StudioStream } from './studio-stream.ts';
import { formats, text } from './text.ts';

const DELAY_INTERVAL_MS = 500;

export interface PreviewPanelProps {
  readonly stream: StudioStream;
  /** Null until there is access. */
  readonly embedUrl: string | null;
}

/** What the publisher sends, as viewers get it or would get it. */
export function PreviewPanel({ stream, embedUrl }: PreviewPanelProps) {
  const frame = useRef<HTMLIFrameElement>(null);
  const delay = useDelay(frame.current);
  const activity = activityOf(stream);
  const isShown = embedUrl !== null && activity !== 'idle' && activity !== 'ready';
  return (
    <section class="preview" aria-label={text.stream.preview}>
      {isShown ? (
        // The address stays while the token is renewed: another one would load the player anew.
        <iframe
          key={`${stream.playbackId} ${stream.onAir}`}
          ref={frame}
          src={embedUrl}
          title={text.stream.preview}
          allow="autoplay; fullscreen"
        />
      ) : (
        <div class="preview-idle">
          <Icon name="live" />
          <strong>{text.stream.previewIdle}</strong>
          <span>{text.stream.previewIdleLead}</span>
        </div>
      )}
      {isShown && delay !== null && (
        <span class="chip no-dot numbers over-picture preview-delay" title={text.stream.delayTitle}>
          {text.stream.delay(formats.number(delay, 1))}
        </span>
      )}
    </section>
  );
}

/** The player is of this site, so its page can be asked how far behind the source its picture is. Null if it does not know. */
function useDelay(frame: HTMLIFrameElement | null): number | null {
  const [delay, setDelay] = useState<number | null>(null);
  useEffect(() => {
    const timer = window.setInterval(() => {
      const seconds = frame?.contentWindow?.headend?.delaySeconds ?? null;
      setDelay(seconds === null ? null : Math.round(seconds * 10) / 10);
    }, DELAY_INTERVAL_MS);
    return () => clearInterval(timer);
  }, [frame]);
  return delay;
}
