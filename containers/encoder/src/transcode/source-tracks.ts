import { AUDIO_TAG, type FlvTag } from '#encoder/media/flv-tag.ts';
import type { SourceDescription } from '#encoder/media/source-description.ts';
import { SourceProbe } from '#encoder/media/source-probe.ts';
import { AudioWatch } from './audio-watch.ts';

/** Which tracks a source has, as far as its tags have shown. */
export class SourceTracks {
  readonly #probe = new SourceProbe();
  readonly #audioWatch = new AudioWatch();
  #source: SourceDescription | null = null;

  /** Takes the next tag of any kind. Throws UnsupportedSourceError if the source cannot be transcoded. */
  add(tag: FlvTag): void {
    this.#probe.add(tag);
    this.#source = this.#probe.description() ?? this.#source;
  }

  /** Takes the position of a frame on the publisher's timeline. */
  place(tag: FlvTag, timelineMs: number): void {
    if (tag.type === AUDIO_TAG) this.#audioWatch.onAudio(timelineMs);
    else this.#audioWatch.onVideo(timelineMs);
  }

  /** False if the source has had no video: decoding may start anywhere only in audio alone. */
  get mayHaveVideo(): boolean {
    return this.#source?.video !== null || this.#probe.hasSeenVideo;
  }

  /** The source with all its tracks; null until they are known. */
  get all(): SourceDescription | null {
    return this.#source;
  }

  /** The source with the tracks that still arrive; null until they are known. */
  get present(): SourceDescription | null {
    return this.#source?.video && this.#audioWatch.vanished ? { ...this.#source, audio: null } : this.#source;
  }
}
