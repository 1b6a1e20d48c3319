/** The publisher sends what Headend can't encode; the message is for the broadcaster to read. */
export class UnsupportedSourceError extends Error {
  override readonly name = 'UnsupportedSourceError';
}
