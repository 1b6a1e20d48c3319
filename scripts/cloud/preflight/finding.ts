import { errorMessage } from '#scripts/terminal/errors.ts';

/** What a check before a deployment found. A `problem` keeps anything from being deployed. */
export interface Finding {
  readonly status: 'ok' | 'unchecked' | 'warning' | 'problem';
  /** What was checked, in a word or two. */
  readonly subject: string;
  /** One line, or several. */
  readonly text: string;
}

/** An error of AWS in one line, with its name: `AccessDenied: User … is not authorized to …`. */
export function awsErrorText(error: unknown): string {
  const name = error instanceof Error && error.name !== 'Error' ? `${error.name}: ` : '';
  return `${name}${errorMessage(error).replace(/\s+/g, ' ')}`;
}
