import { useState } from 'preact/hooks';
import { Dialog } from '../ui/dialog.tsx';
import { toApiFailure } from './api.ts';
import { failureText } from './failure-text.ts';
import { text } from './text.ts';

export interface ConfirmDialogProps {
  readonly title: string;
  readonly lead: string;
  /** What the button says that does it. */
  readonly action: string;
  readonly isDangerous?: boolean;
  /** Does it. What it rejects with is shown. */
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** Asks before something that can't be taken back. */
export function ConfirmDialog({ title, lead, action, isDangerous = true, onConfirm, onClose }: ConfirmDialogProps) {
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const confirm = () => {
    setBusy(true);
    onConfirm().then(onClose, (error: unknown) => {
      setBusy(false);
      setFailure(failureText(toApiFailure(error)));
    });
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{lead}</p>
      {failure !== null && (
        <p class="notice bad" role="alert">
          {failure}
        </p>
      )}
      <div class="dialog-actions">
        <button type="button" class="button plain" onClick={onClose}>
          {text.cancel}
        </button>
        <button
          type="button"
          class={`button ${isDangerous ? 'danger' : 'primary'}`}
          disabled={isBusy}
          onClick={confirm}
        >
          {action}
        </button>
      </div>
    </Dialog>
  );
}
