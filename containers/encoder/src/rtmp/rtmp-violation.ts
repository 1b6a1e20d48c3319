/** The peer broke the protocol or a limit; the message quotes no text of the peer's and may be logged. */
export class RtmpViolation extends Error {
  override readonly name = 'RtmpViolation';
}
