/** What the process ends with. 0 is success. */
export const EXIT_CODES = {
  /** The API said no, or the person at the keyboard did. */
  refused: 1,
  /** The command line can't be carried out as it is. */
  usage: 2,
  /** There is no control API there, or it does not answer. */
  unreachable: 3,
} as const;

/** Ends a command. Its message is for a person, a line for each thing that is wrong, and holds no secret. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly kind: keyof typeof EXIT_CODES;

  constructor(kind: keyof typeof EXIT_CODES, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
