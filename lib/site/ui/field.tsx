import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** What a control needs so that its label, its hint and its error belong to it. */
export interface FieldControl {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': boolean | undefined;
}

export interface FieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  /** Missing or null if the value is right. */
  readonly error?: string | null | undefined;
  readonly children: (control: FieldControl) => ComponentChildren;
}

/** A labelled control of a form. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const isWrong = error !== null && error !== undefined;
  const hasText = isWrong || hint !== undefined;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        'aria-describedby': hasText ? `${id}-text` : undefined,
        'aria-invalid': isWrong ? true : undefined,
      })}
      {hasText && (
        <p id={`${id}-text`} class={isWrong ? 'error' : 'hint'}>
          {isWrong ? error : hint}
        </p>
      )}
    </div>
  );
}
