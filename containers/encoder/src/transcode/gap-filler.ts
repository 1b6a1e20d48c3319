import { AUDIO_TAG, type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { PictureAbsences } from './picture-absences.ts';
import { PictureHold } from './picture-hold.ts';
import { SilenceFiller } from './silence-filler.ts';
import type { TimedTag } from './tag-cache.ts';

/** Fills what is missing of one track of a source while the other one goes on, so that FFmpeg sees no gap. */
export class GapFiller {
  readonly #silence = new SilenceFiller();
  /** When the picture was missing. */
  readonly pictureAbsences: PictureAbsences;
  readonly #picture: PictureHold;

  /** `pictureAbsences` are those of the filler before, if the source is the same. */
  constructor(pictureAbsences = new PictureAbsences()) {
    this.pictureAbsences = pictureAbsences;
    this.#picture = new PictureHold(pictureAbsences);
  }

  /** Whether missing audio is filled. */
  get canFillAudio(): boolean {
    return this.#silence.canFill;
  }

  /** Another sequence header follows. */
  onHeader(tag: FlvTag): void {
    if (tag.type === AUDIO_TAG) this.#silence.onHeader(tag);
    else this.#picture.onHeader();
  }

  /** Tells once that a track has come back without the time for which it was missing, so that it belongs elsewhere. */
  takeAdrift(type: FlvTag['type']): boolean {
    const { lag } = type === AUDIO_TAG ? this.#silence : this.#picture;
    if (!lag.isAdrift) return false;
    lag.onRejoined();
    return true;
  }

  /** The frames that FFmpeg is to get at a frame of audio or video: what fills a gap before it, and the frame itself. */
  fill(timed: TimedTag): readonly TimedTag[] {
    if (timed.tag.type === VIDEO_TAG)
      return [...this.#silence.onVideo(timed.timelineMs), ...this.#picture.onVideo(timed)];
    const pictures = this.#picture.onAudio(timed.timelineMs);
    return this.#silence.onAudio(timed) ? [...pictures, timed] : pictures;
  }
}
