import { CAPTION_CHANNELS, type CaptionChannel, ClosedCaptions } from '#encoder/media/closed-captions.ts';

/** The closed captions that have been seen so far. Players may still want them if they pause. */
export class SeenCaptions {
  readonly #seen: Set<CaptionChannel>;
  readonly #captions = new ClosedCaptions();

  constructor(seen: readonly CaptionChannel[]) {
    this.#seen = new Set(seen);
  }

  get channels(): readonly CaptionChannel[] {
    return CAPTION_CHANNELS.filter((channel) => this.#seen.has(channel));
  }

  look(frame: Buffer): void {
    for (const channel of this.#captions.channelsIn(frame)) this.#seen.add(channel);
  }
}
