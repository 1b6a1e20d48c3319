/** Something that the person who starts the platform can mend; its message is one line that says what and how. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
