import type Hls from 'hls.js';
import { Events, type FragBufferedData, type PlaylistLevelType } from 'hls.js';

/** What was played stays for so long, for viewers who go back. */
const KEPT_SECONDS = 30;
/** What is older is removed when there is so much of it. */
const PIECE_SECONDS = 30;

/** Of so much, it is removed at any moment: a viewer may always be behind. */
const MOST_SECONDS = 90;

/**
 * Removes media that was played long ago. `backBufferLength` of hls.js 1.7.4 does so at any moment. If that is between the load of a
 * part and its append, hls.js forgets the other parts of the segment, and loads nothing until they have left the playlist: viewers
 * of `ultra` stall for 2.5 s every few minutes. So media is removed seldom, and when a part has just been appended and the next one
 * is not there yet.
 */
export class BackBuffer {
  readonly #hls: Pick<Hls, 'trigger' | 'latestLevelDetails'>;
  readonly #video: Pick<HTMLVideoElement, 'currentTime'>;
  readonly #removedUntil = new Map<PlaylistLevelType, number>();

  constructor(hls: Pick<Hls, 'trigger' | 'latestLevelDetails'>, video: Pick<HTMLVideoElement, 'currentTime'>) {
    this.#hls = hls;
    this.#video = video;
  }

  /** Call this when hls.js has appended a fragment or a part. */
  onBuffered({ frag, part }: Pick<FragBufferedData, 'frag' | 'part'>): void {
    const { video, audio } = (part ?? frag).elementaryStreams;
    if (video === null && audio === null) return;
    const endOffset = this.#video.currentTime - KEPT_SECONDS;
    const removedUntil = this.#removedUntil.get(frag.type) ?? 0;
    // After a seek to before it, there may be something to remove again.
    if (endOffset < removedUntil) this.#removedUntil.set(frag.type, Math.max(0, endOffset));
    if (endOffset - removedUntil < (this.#isNextThere(part) ? MOST_SECONDS : PIECE_SECONDS)) return;
    this.#removedUntil.set(frag.type, endOffset);
    this.#hls.trigger(Events.BUFFER_FLUSHING, { startOffset: 0, endOffset, type: video === null ? 'audio' : 'video' });
  }

  /** Whether the playlist has the part after this one, so that hls.js is about to load it. */
  #isNextThere(part: FragBufferedData['part']): boolean {
    const details = this.#hls.latestLevelDetails;
    return part !== null && details !== null && details.edge - (part.start + part.duration) > details.partTarget;
  }
}
