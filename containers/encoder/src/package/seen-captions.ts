import { CAPTION_CHANNELS, type CaptionChannel, captionChannels } from '#encoder/media/closed-captions.ts';

/** The closed captions that have been seen so far. Players may still want them if they pause. */
export class SeenCaptions {
  readonly #seen: Set<CaptionChannel>;

  constructor(seen: readonly CaptionChannel[]) {
    this.#seen = new Set(seen);
  }

  get channels(): readonly CaptionChannel[] {
    return CAPTION_CHANNELS.filter((channel) => this.#seen.has(channel));
  }

  look(frame: Buffer): void {
    if (this.#seen.size === CAPTION_CHANNELS.length) return;
    for (const channel of captionChannels(frame)) this.#seen.add(channel);
  }
}
