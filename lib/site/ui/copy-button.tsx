import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icon.tsx';

const SHOWN_MS = 2_000;

export interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for screen readers: "Copy the server address". */
  readonly label: string;
  /** What the button says for a moment when it has copied. */
  readonly done: string;
  /** Said if the browser does not let the page copy. */
  readonly failed: string;
}

/** Copies a text. What became of it is read out. */
export function CopyButton({ text, label, done, failed }: CopyButtonProps) {
  const [result, setResult] = useState<'copied' | 'failed' | null>(null);
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    // Without a secure context there is no clipboard: `npm start -- --host` serves plain HTTP.
    const isCopied =
      (await navigator.clipboard?.writeText(text).then(
        () => true,
        () => false,
      )) ?? copyBySelection(text);
    setResult(isCopied ? 'copied' : 'failed');
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setResult(null), SHOWN_MS);
  };
  return (
    <button type="button" class="button icon-only copy" aria-label={label} title={label} onClick={() => void copy()}>
      <Icon name={result === 'copied' ? 'check' : result === 'failed' ? 'close' : 'copy'} />
      <span class="visually-hidden" role="status">
        {result === 'copied' ? done : result === 'failed' ? failed : ''}
      </span>
    </button>
  );
}

function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'visually-hidden';
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  const isCopied = document.execCommand('copy');
  area.remove();
  return isCopied;
}
