import { useState } from 'preact/hooks';
import { QrCode } from '../ui/qr-code.tsx';
import { callApi, toApiFailure } from './api.ts';
import { CopyField } from './copy-field.tsx';
import { failureText } from './failure-text.ts';
import { may } from './session.ts';
import type { StudioStream } from './studio-stream.ts';
import { formats, text } from './text.ts';

interface ViewerLink {
  readonly watchUrl: string;
  readonly expiresAt: string;
}

/** The addresses that viewers and other sites get. */
export function SharePanel({ stream }: { readonly stream: StudioStream }) {
  return (
    <section class="card">
      <header>
        <h2>{text.share.heading}</h2>
      </header>
      <div class="stack">
        {stream.playback === 'public' ? <PublicLinks stream={stream} /> : <ViewerLinks stream={stream} />}
      </div>
    </section>
  );
}

function PublicLinks({ stream }: { readonly stream: StudioStream }) {
  return (
    <>
      <CopyField label={text.share.watch} value={stream.watchUrl} link />
      <CopyField label={text.share.embed} value={embedCode(stream)} />
      <CopyField label={text.share.playlist} value={stream.playbackUrl} />
      <details>
        <summary>{text.share.qr}</summary>
        <QrCode text={stream.watchUrl} label={text.share.qr} />
      </details>
    </>
  );
}

/** The same frame as oEmbed gives. The address has no characters to escape. */
function embedCode({ title, watchUrl }: Pick<StudioStream, 'title' | 'watchUrl'>): string {
  const source = watchUrl.replace('/watch/', '/embed/');
  return `<iframe src="${source}" width="1280" height="720" title="${escapeAttribute(title)}" style="border:0" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>`;
}

const escapeAttribute = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function ViewerLinks({ stream }: { readonly stream: StudioStream }) {
  const [made, setMade] = useState<ViewerLink | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  if (!may('streams:write')) return null;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const ttlSeconds = Number(new FormData(event.currentTarget as HTMLFormElement).get('ttl'));
    setFailure(null);
    callApi<ViewerLink>({ method: 'POST', path: `/api/streams/${stream.id}/viewer-tokens`, body: { ttlSeconds } }).then(
      setMade,
      (error: unknown) => setFailure(failureText(toApiFailure(error))),
    );
  };
  return (
    <>
      <p class="soft small">{text.share.viewerLinkHint}</p>
      <form class="row" onSubmit={submit}>
        <label class="row">
          <span class="small">{text.share.lifetime}</span>
          <select class="input" name="ttl">
            {Object.entries(text.share.lifetimes).map(([seconds, name]) => (
              <option key={seconds} value={seconds}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="button">
          {text.share.viewerLink}
        </button>
      </form>
      {failure !== null && (
        <p class="notice bad" role="alert">
          {failure}
        </p>
      )}
      {made !== null && (
        <>
          <CopyField
            label={text.share.expires(formats.moment(Date.parse(made.expiresAt)))}
            value={made.watchUrl}
            link
          />
          <CopyField label={text.share.embed} value={embedCode({ ...stream, watchUrl: made.watchUrl })} />
        </>
      )}
    </>
  );
}
