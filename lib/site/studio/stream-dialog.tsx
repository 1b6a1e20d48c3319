import { useState } from 'preact/hooks';
import { LADDER_NAMES } from '#domain/ladders.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { PLAYBACK_MODES } from '#domain/playback-ids.ts';
import { Choices } from '../ui/choices.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { type ApiFailure, callApi, toApiFailure } from './api.ts';
import { failureText } from './failure-text.ts';
import type { StudioStream } from './studio-stream.ts';
import { text } from './text.ts';

/** Limits of the API. The browser holds people to them as they type. */
const TITLE_LENGTH = 200;
const DESCRIPTION_LENGTH = 2_000;
const CATEGORY_LENGTH = 50;

/** A stream that was saved. A new one has its key. */
export type SavedStream = StudioStream & { readonly streamKey: string };

export interface StreamDialogProps {
  /** Null for a new one. */
  readonly stream: StudioStream | null;
  readonly onClose: () => void;
  readonly onSaved: (stream: SavedStream) => void;
}

/** The settings of a stream, new or not. */
export function StreamDialog({ stream, onClose, onSaved }: StreamDialogProps) {
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [isBusy, setBusy] = useState(false);
  const errorOf = (field: string) => failure?.fields.find((each) => each.field === field)?.detail;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure(null);
    save(stream, readSettings(event.currentTarget as HTMLFormElement))
      .then(onSaved, (error: unknown) => setFailure(toApiFailure(error)))
      .finally(() => setBusy(false));
  };
  return (
    <Dialog title={stream === null ? text.form.create : text.form.edit} onClose={onClose}>
      <form class="stream-form" onSubmit={submit}>
        <Field label={text.form.title} hint={text.form.titleHint} error={errorOf('title')}>
          {(control) => (
            <input
              {...control}
              class="input"
              name="title"
              required
              maxLength={TITLE_LENGTH}
              value={stream?.title}
              autofocus
            />
          )}
        </Field>
        <Field label={text.form.description} error={errorOf('description')}>
          {(control) => (
            <textarea
              {...control}
              class="input"
              name="description"
              maxLength={DESCRIPTION_LENGTH}
              value={stream?.description ?? ''}
            />
          )}
        </Field>
        <Field label={text.form.category} error={errorOf('category')}>
          {(control) => (
            <input
              {...control}
              class="input"
              name="category"
              maxLength={CATEGORY_LENGTH}
              value={stream?.category ?? ''}
            />
          )}
        </Field>
        <Field label={text.form.ladder} error={errorOf('ladder')}>
          {(control) => (
            <select {...control} class="input" name="ladder" value={stream?.ladder ?? '720p'}>
              {LADDER_NAMES.map((name) => (
                <option key={name} value={name}>
                  {text.form.ladders[name]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Choices
          legend={text.form.latency}
          name="latency"
          chosen={stream?.latency ?? 'low'}
          options={LATENCY_NAMES}
          texts={text.form.latencies}
        />
        {stream !== null && <p class="soft small">{text.form.appliesNext}</p>}
        <Choices
          legend={text.form.playback}
          name="playback"
          chosen={stream?.playback ?? 'public'}
          options={PLAYBACK_MODES}
          texts={text.form.playbacks}
        />
        <Choices
          legend={text.form.start}
          name="start"
          chosen={stream?.autoStart === false ? 'word' : 'auto'}
          options={['auto', 'word']}
          texts={text.form.starts}
        />
        {failure !== null && (
          <p class="notice bad" role="alert">
            {failureText(failure)}
          </p>
        )}
        <div class="dialog-actions">
          <button type="button" class="button plain" onClick={onClose}>
            {text.cancel}
          </button>
          <button type="submit" class="button primary" disabled={isBusy}>
            {stream === null ? text.form.createButton : text.save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function readSettings(form: HTMLFormElement): Readonly<Record<string, unknown>> {
  const data = new FormData(form);
  const read = (name: string): string => String(data.get(name) ?? '').trim();
  return {
    title: read('title'),
    description: read('description'),
    category: read('category') === '' ? null : read('category'),
    ladder: read('ladder'),
    latency: read('latency'),
    playback: read('playback'),
    autoStart: read('start') === 'auto',
  };
}

/** Changes only what differs: somebody else may have changed the rest meanwhile. */
function save(stream: StudioStream | null, settings: Readonly<Record<string, unknown>>): Promise<SavedStream> {
  if (stream === null) return callApi({ method: 'POST', path: '/api/streams', body: settings });
  const before: Readonly<Record<string, unknown>> = stream;
  const changes = Object.fromEntries(Object.entries(settings).filter(([name, value]) => before[name] !== value));
  return callApi({ method: 'PATCH', path: `/api/streams/${stream.id}`, body: changes });
}
