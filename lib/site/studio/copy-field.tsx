import { useId, useState } from 'preact/hooks';
import { CopyButton } from '../ui/copy-button.tsx';
import { Icon } from '../ui/icon.tsx';
import { text } from './text.ts';

export interface CopyFieldProps {
  readonly label: string;
  readonly value: string;
  readonly hint?: string;
  /** Whether it is covered until somebody wants to see it. */
  readonly isSecret?: boolean;
  /** Whether it can be opened. */
  readonly link?: boolean;
}

/** A value to take elsewhere, with a button that copies it. */
export function CopyField({ label, value, hint, isSecret = false, link = false }: CopyFieldProps) {
  const [isCovered, setCovered] = useState(isSecret);
  const id = useId();
  const input = {
    ...{ id, value, class: 'input mono', readOnly: true, autocomplete: 'off' },
    onFocus: (event: { readonly currentTarget: HTMLInputElement }) => event.currentTarget.select(),
  };
  return (
    <div class="field">
      <span class="copy-label">
        <label for={id}>{label}</label>
        {link && (
          <a class="small" href={value} target="_blank" rel="noopener">
            {text.open}
          </a>
        )}
      </span>
      <div class="copy-field">
        {isCovered ? <input type="password" {...input} /> : <input type="text" {...input} />}
        {isSecret && (
          <button
            type="button"
            class="button icon-only"
            aria-pressed={!isCovered}
            aria-label={isCovered ? text.connect.show : text.connect.hide}
            onClick={() => setCovered(!isCovered)}
          >
            <Icon name="eye" />
          </button>
        )}
        <CopyButton text={value} label={text.copyOf(label)} done={text.copied} failed={text.notCopied} />
      </div>
      {hint !== undefined && <p class="hint">{hint}</p>}
    </div>
  );
}
