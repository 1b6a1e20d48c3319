import { useState } from 'preact/hooks';
import { Icon } from '../ui/icon.tsx';
import { QrCode } from '../ui/qr-code.tsx';
import { callApi } from './api.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { CopyField } from './copy-field.tsx';
import { ffmpegLine, type IngestTarget, larixLink, obsMultitrack, obsService } from './encoder-settings.ts';
import { may } from './session.ts';
import { keepKey, keyOf } from './stream-keys.ts';
import type { StudioStream } from './studio-stream.ts';
import { text } from './text.ts';

export interface ConnectPanelProps {
  readonly stream: StudioStream;
  readonly reload: () => void;
}

/** What OBS and other encoders need to publish. */
export function ConnectPanel({ stream, reload }: ConnectPanelProps) {
  const [isRotating, setRotating] = useState(false);
  const { rtmpUrl, rtmpsUrl } = stream.ingest;
  const streamKey = keyOf(stream.id);
  if (!may('streams:write')) return null;
  return (
    <section class="card">
      <header>
        <h2>{text.connect.heading}</h2>
        <button type="button" class="button plain" onClick={() => setRotating(true)}>
          <Icon name="key" />
          {text.connect.rotate}
        </button>
      </header>
      <div class="stack">
        <p class="soft small">{text.connect.lead}</p>
        {rtmpsUrl !== undefined && <CopyField label={text.connect.secureServer} value={rtmpsUrl} />}
        {rtmpUrl !== undefined && <CopyField label={text.connect.server} value={rtmpUrl} />}
        {streamKey === null ? (
          <div class="field">
            <span class="copy-label">{text.connect.key}</span>
            <p class="soft small">{text.connect.keyHidden}</p>
          </div>
        ) : (
          <CopyField key={streamKey} label={text.connect.key} value={streamKey} hint={text.connect.keyOnce} isSecret />
        )}
        <OtherWays stream={stream} streamKey={streamKey} />
      </div>
      {isRotating && (
        <ConfirmDialog
          title={text.connect.rotateTitle}
          lead={text.connect.rotateLead}
          action={text.connect.rotate}
          onClose={() => setRotating(false)}
          onConfirm={async () => {
            const rotated = await callApi<StudioStream & { readonly streamKey: string }>({
              method: 'POST',
              path: `/api/streams/${stream.id}/key`,
            });
            keepKey(rotated);
            reload();
          }}
        />
      )}
    </section>
  );
}

/** All of them have the key in them. */
function OtherWays({ stream, streamKey }: { readonly stream: StudioStream; readonly streamKey: string | null }) {
  const server = stream.ingest.rtmpsUrl ?? stream.ingest.rtmpUrl;
  if (server === undefined) return null;
  const target: IngestTarget = { server, streamKey: streamKey ?? '', title: stream.title, ladder: stream.ladder };
  return (
    <details>
      <summary>{text.connect.other}</summary>
      <div class="stack">
        <CopyField label={text.connect.multitrack} value={obsMultitrack(target)} hint={text.connect.multitrackHint} />
        {streamKey === null ? (
          <p class="soft small">{text.connect.needsKey}</p>
        ) : (
          <>
            <CopyField
              label={text.connect.service}
              value={obsService(target)}
              hint={text.connect.serviceHint}
              isSecret
            />
            <CopyField label={text.connect.ffmpeg} value={ffmpegLine(target)} isSecret />
            <div class="field">
              <span class="copy-label">{text.connect.phone}</span>
              <QrCode text={larixLink(target)} label={text.connect.phoneAlt} />
              <p class="hint">{text.connect.phoneHint}</p>
            </div>
          </>
        )}
      </div>
    </details>
  );
}
