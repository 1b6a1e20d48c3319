/** Ends a command that works in AWS: something that the person at the keyboard can mend. Its message says what and how. */
export class CloudError extends Error {
  override readonly name = 'CloudError';
}
