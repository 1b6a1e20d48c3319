import type { ApiError } from '#scripts/api/api-error.ts';
import { UserError } from '#scripts/terminal/errors.ts';

/** Exit codes of `npm run stream` by the kind of error. 0 is success. */
export const EXIT_CODES = {
  /** The API refused, or the person at the keyboard said no. */
  refused: 1,
  /** The command line is wrong. */
  usage: 2,
  /** No control API answers at the address. */
  unreachable: 3,
} as const;

/** Ends a command. The message has one line per problem and contains no secret. */
export class CommandError extends UserError {
  override readonly name = 'CommandError';
  readonly kind: keyof typeof EXIT_CODES;

  constructor(kind: keyof typeof EXIT_CODES, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Converts a failed call. `hint` says what to do if nothing answers: empty, or a sentence with a leading space. */
export function toCommandError(error: ApiError, hint: string): CommandError {
  const kind = error.kind === 'refused' ? 'refused' : 'unreachable';
  return new CommandError(kind, error.kind === 'no-answer' ? `${error.message}${hint}` : error.message, {
    cause: error,
  });
}
