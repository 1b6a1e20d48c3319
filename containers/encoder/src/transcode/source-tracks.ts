import { AUDIO_TAG, type FlvTag } from '#encoder/media/flv-tag.ts';
import type { SourceDescription } from '#encoder/media/source-description.ts';
import { SourceProbe } from '#encoder/media/source-probe.ts';
import { AudioWatch } from './audio-watch.ts';
import type { RenditionPlan } from './rendition-plan.ts';

/** Which tracks a source has, as far as its tags have shown. */
export class SourceTracks {
  readonly #probe = new SourceProbe();
  readonly #audioWatch = new AudioWatch();
  #source: SourceDescription | null = null;

  /** Takes the next tag of any kind. Throws UnsupportedSourceError if the source cannot be transcoded. */
  add(tag: FlvTag): void {
    this.#probe.add(tag);
    this.#source = this.#probe.description();
  }

  /** Takes the position of a frame on the publisher's timeline. */
  place(tag: FlvTag, timelineMs: number): void {
    if (tag.type === AUDIO_TAG) this.#audioWatch.onAudio(timelineMs);
    else this.#audioWatch.onVideo(timelineMs);
  }

  /** True until the source is known to have no video: decoding may start anywhere only in audio alone. */
  get mayHaveVideo(): boolean {
    return this.#source?.video !== null;
  }

  /** The source with the tracks that still arrive; null until they are known. */
  get present(): SourceDescription | null {
    return this.#source?.video && this.#audioWatch.vanished ? { ...this.#source, audio: null } : this.#source;
  }

  /** Whether `plan` was made for other tracks than those that arrive now. */
  differFrom(plan: RenditionPlan): boolean {
    const source = this.present;
    if (source === null) return false;
    return (plan.audio === null) !== (source.audio === null) || (plan.frameRate === null) !== (source.video === null);
  }
}
