import type { RefusalCode } from '#domain/ingest-auth.ts';

/** An authorised publish is not taken, which is no failure; the broadcaster is told the code and the message. */
export class PublishRefusal extends Error {
  override readonly name = 'PublishRefusal';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, description: string) {
    super(description);
    this.code = code;
  }
}
