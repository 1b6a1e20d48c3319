/** Media times are compared across timescales. A tick of the coarsest track is 0.1 ms. */
const ROUNDING_SECONDS = 1e-6;
const BOX_HEADER_BYTES = 8;
const TRUN_HEADER_BYTES = 20;

/** Where a piece of media is on a stream's timeline. */
export interface MediaSpan {
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** The media times of one rendition, piece after piece. They never go back or overlap, whatever run a piece is of. */
export class MediaTimes {
  #lastEndSeconds = 0;

  /** The end of the last piece; 0 before the first. */
  get endSeconds(): number {
    return this.#lastEndSeconds;
  }

  /** Adds the next part or segment, which needs `initSection`. Returns one line for each violation. */
  add(name: string, initSection: Buffer, media: Buffer): string[] {
    return chunkSpans(initSection, media).flatMap(({ startSeconds, endSeconds }) => {
      const overlapSeconds = this.#lastEndSeconds - startSeconds;
      this.#lastEndSeconds = endSeconds;
      return overlapSeconds > ROUNDING_SECONDS
        ? [`${name} begins ${overlapSeconds.toFixed(6)} s before the end of the media before it`]
        : [];
    });
  }
}

/** The decoding times of each CMAF chunk of our own (`cmaf-chunk.ts`): one trun, with a duration for each sample. */
function chunkSpans(initSection: Buffer, media: Buffer): MediaSpan[] {
  const mdhd = initSection.indexOf('mdhd', 0, 'latin1');
  if (mdhd < 0) throw new Error('an init section without mdhd');
  const timescale = initSection.readUInt32BE(mdhd + (initSection[mdhd + 4] === 1 ? 24 : 16));
  const spans: MediaSpan[] = [];
  for (let offset = 0; offset < media.length; offset += media.readUInt32BE(offset)) {
    if (media.toString('latin1', offset + 4, offset + BOX_HEADER_BYTES) !== 'moof') continue;
    const startTicks = Number(media.readBigUInt64BE(media.indexOf('tfdt', offset, 'latin1') + 8));
    const trun = media.indexOf('trun', offset, 'latin1') - 4;
    let endTicks = startTicks;
    for (let sample = 0; sample < media.readUInt32BE(trun + 12); sample++) {
      endTicks += media.readUInt32BE(trun + TRUN_HEADER_BYTES + sample * 16);
    }
    spans.push({ startSeconds: startTicks / timescale, endSeconds: endTicks / timescale });
  }
  return spans;
}
