import { useSignal } from '@preact/signals';
import { Icon } from '../ui/icon.tsx';
import { ApiFailure, callApi } from './api.ts';
import { ConnectPanel } from './connect-panel.tsx';
import { HealthPanel } from './health-panel.tsx';
import { usePoll } from './poll.ts';
import { usePreviewAccess } from './preview-access.ts';
import { PreviewPanel } from './preview-panel.tsx';
import { STUDIO_LINKS } from './route.ts';
import { SharePanel } from './share-panel.tsx';
import { StreamActions } from './stream-actions.tsx';
import type { StudioStream } from './studio-stream.ts';
import { text } from './text.ts';
import { TimelinePanel } from './timeline-panel.tsx';

/** With the timeline, the page has at most one request of the API in two seconds. */
const PAUSE_MS = 4_000;
const NOT_FOUND = 404;

/** One stream: what OBS needs, what viewers see, how it is doing, and what happened. */
export function StreamPage({ streamId }: { readonly streamId: string }) {
  const stream = useSignal<StudioStream | null>(null);
  const problem = useSignal<'missing' | 'unreachable' | null>(null);
  const load = async () => {
    try {
      stream.value = await callApi<StudioStream>({ path: `/api/streams/${streamId}` });
      problem.value = null;
    } catch (error) {
      problem.value = error instanceof ApiFailure && error.status === NOT_FOUND ? 'missing' : 'unreachable';
      throw error;
    }
  };
  usePoll(load, PAUSE_MS, [streamId]);
  if (problem.value === 'missing') return <Missing />;
  return (
    <>
      <a class="back small" href={STUDIO_LINKS.streams}>
        <Icon name="back" />
        {text.stream.back}
      </a>
      {problem.value === 'unreachable' && (
        <p class="notice bad" role="alert">
          <Icon name="warning" />
          {text.unreachable}
        </p>
      )}
      {stream.value === null ? (
        <p class="soft" role="status">
          {text.loading}
        </p>
      ) : (
        <Panels
          stream={stream.value}
          onChange={(changed) => (stream.value = changed)}
          // `problem` shows what went wrong.
          reload={() => void load().catch(() => undefined)}
        />
      )}
    </>
  );
}

interface PanelsProps {
  readonly stream: StudioStream;
  readonly onChange: (stream: StudioStream) => void;
  readonly reload: () => void;
}

function Panels({ stream, onChange, reload }: PanelsProps) {
  const access = usePreviewAccess(stream);
  return (
    <>
      <StreamActions stream={stream} onChange={onChange} reload={reload} />
      <div class="stream-columns">
        <div class="column">
          <PreviewPanel stream={stream} embedUrl={access?.embedUrl ?? null} />
          <HealthPanel stream={stream} healthUrl={access?.healthUrl ?? null} />
        </div>
        <div class="column">
          <ConnectPanel stream={stream} reload={reload} />
          <SharePanel stream={stream} />
          <TimelinePanel streamId={stream.id} />
        </div>
      </div>
    </>
  );
}

const Missing = () => (
  <section class="card empty">
    <Icon name="warning" />
    <h1>{text.stream.missing}</h1>
    <p class="soft">{text.stream.missingLead}</p>
    <a class="button" href={STUDIO_LINKS.streams}>
      {text.stream.back}
    </a>
  </section>
);
