import { useState } from 'preact/hooks';
import { clockText } from '../ui/formats.ts';
import { Icon } from '../ui/icon.tsx';
import { callApi, toApiFailure } from './api.ts';
import { nowMs } from './clock.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { failureText } from './failure-text.ts';
import { STUDIO_LINKS } from './route.ts';
import { may } from './session.ts';
import { StreamDialog } from './stream-dialog.tsx';
import { ACTIVITIES, activityOf, type StudioStream } from './studio-stream.ts';
import { text } from './text.ts';

export interface StreamActionsProps {
  readonly stream: StudioStream;
  readonly onChange: (stream: StudioStream) => void;
  readonly reload: () => void;
}

type Asked = 'edit' | 'end' | 'purge' | 'remove';

/** A stream's name and state, and what can be done with it. */
export function StreamActions({ stream, onChange, reload }: StreamActionsProps) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const close = () => setAsked(null);
  const post = (action: string) => callApi({ method: 'POST', path: `/api/streams/${stream.id}/${action}` });
  const activity = activityOf(stream);
  const { chip, name } = ACTIVITIES[activity];
  return (
    <header class="stream-header">
      <div class="stream-name">
        <p class="row">
          <span class={chip}>{name}</span>
          {stream.startedAt !== null && activity === 'live' && (
            <span class="soft small numbers">
              {text.stream.uptime} {clockText((nowMs.value - Date.parse(stream.startedAt)) / 1_000)}
            </span>
          )}
          {activity === 'preview' && <span class="soft small">{text.stream.goLiveHint}</span>}
          {activity === 'ready' && <span class="soft small">{text.stream.waitsForPublisher}</span>}
        </p>
        <h1>{stream.title}</h1>
        {stream.description !== '' && <p class="soft description">{stream.description}</p>}
      </div>
      <div class="row actions">
        {stream.autoStart === false && !stream.onAir && may('streams:write') && (
          <GoLive stream={stream} reload={reload} />
        )}
        {(activity === 'live' || activity === 'away' || activity === 'ready') && may('streams:end') && (
          <button type="button" class="button danger" onClick={() => setAsked('end')}>
            <Icon name="stop" />
            {text.stream.end}
          </button>
        )}
        {may('streams:write') && (
          <button type="button" class="button" onClick={() => setAsked('edit')}>
            {text.stream.edit}
          </button>
        )}
        {may('streams:end') && <More onAsk={setAsked} />}
      </div>
      {asked === 'edit' && (
        <StreamDialog
          stream={stream}
          onClose={close}
          onSaved={(saved) => {
            onChange(saved);
            close();
          }}
        />
      )}
      {asked === 'end' && (
        <ConfirmDialog
          title={text.stream.endTitle}
          lead={stream.autoStart === false ? `${text.stream.endLead} ${text.stream.endWord}` : text.stream.endLead}
          action={text.stream.end}
          onConfirm={() => post('stop').then(reload)}
          onClose={close}
        />
      )}
      {asked === 'purge' && (
        <ConfirmDialog
          title={text.stream.purgeTitle}
          lead={text.stream.purgeLead}
          action={text.stream.purge}
          onConfirm={() => post('purge').then(reload)}
          onClose={close}
        />
      )}
      {asked === 'remove' && (
        <ConfirmDialog
          title={text.stream.removeTitle}
          lead={text.stream.removeLead}
          action={text.stream.remove}
          onConfirm={async () => {
            await callApi({ method: 'DELETE', path: `/api/streams/${stream.id}` });
            location.hash = STUDIO_LINKS.streams;
          }}
          onClose={close}
        />
      )}
    </header>
  );
}

function GoLive({ stream, reload }: { readonly stream: StudioStream; readonly reload: () => void }) {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const go = () => {
    setBusy(true);
    setFailure(null);
    callApi({ method: 'POST', path: `/api/streams/${stream.id}/golive` })
      .then(reload, (error: unknown) => setFailure(failureText(toApiFailure(error))))
      .finally(() => setBusy(false));
  };
  return (
    <>
      <button type="button" class="button go-live" disabled={isBusy} onClick={go}>
        <Icon name="live" />
        {text.stream.goLive}
      </button>
      {failure !== null && (
        <p class="notice bad" role="alert">
          {failure}
        </p>
      )}
    </>
  );
}

/** What is rarely needed, and can't be taken back. */
function More({ onAsk }: { readonly onAsk: (asked: Asked) => void }) {
  return (
    <details class="menu">
      <summary class="button">{text.stream.more}</summary>
      <div class="menu-items">
        <button type="button" class="button plain danger" onClick={() => onAsk('purge')}>
          {text.stream.purge}
        </button>
        {may('streams:write') && (
          <button type="button" class="button plain danger" onClick={() => onAsk('remove')}>
            <Icon name="trash" />
            {text.stream.remove}
          </button>
        )}
      </div>
    </details>
  );
}
