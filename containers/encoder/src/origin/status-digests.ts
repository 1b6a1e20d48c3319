import type { PlaybackStatusBody } from '#domain/playback-status.ts';
import { digestOf } from './status-version.ts';

/**
 * Digests of the statuses of streams. All who wait are looked at in one go, and whoever waits for the same stream gets the same
 * digest then.
 */
export class StatusDigests {
  /** By the stream, and then by the title that it is told with. */
  #known: Map<object, Map<string | undefined, string>> | null = null;

  /** The digest of what `body` returns, which is asked once per stream and title until nothing runs any more. */
  find(stream: object, title: string | undefined, body: () => PlaybackStatusBody): string {
    const ofStream = this.#knownNow().get(stream) ?? new Map<string | undefined, string>();
    const digest = ofStream.get(title) ?? digestOf(body());
    this.#knownNow().set(stream, ofStream.set(title, digest));
    return digest;
  }

  /** Nothing changes before the microtasks. */
  #knownNow(): Map<object, Map<string | undefined, string>> {
    if (this.#known === null) {
      this.#known = new Map();
      queueMicrotask(() => {
        this.#known = null;
      });
    }
    return this.#known;
  }
}
