import {
  type FlvTag,
  isAudioSequenceHeader,
  isVideoSequenceHeader,
  SCRIPT_TAG,
  VIDEO_TAG,
} from '#encoder/media/flv-tag.ts';
import { PlainTags } from '#encoder/media/plain-tags.ts';
import { parseScriptMetadata } from '#encoder/media/script-metadata.ts';
import type { ReceivedTag } from '#encoder/transcode/stray-tags.ts';
import { TagCache } from '#encoder/transcode/tag-cache.ts';

/**
 * All that FFmpeg needs to go on with a publisher at once: what describes its media, and while it is not on air, the media since
 * a keyframe. Bounded like any tag cache. Tags are judged in their plain form, and handed on as they came.
 */
export class StandbySource {
  #metadata: FlvTag | null = null;
  #hasVideo = false;
  /** When its newest tag came. */
  #newestAtMs = 0;
  readonly #plainTags = new PlainTags();
  /** What the publisher sent, by plain tags that are something else. */
  readonly #received = new WeakMap<FlvTag, FlvTag>();
  /** Its timeline is the time of arrival. */
  readonly #cache = new TagCache();

  /** Takes a tag of the publisher. Keeps media only if it is not on air. */
  add(received: FlvTag, receivedAtMs: number, isOnAir: boolean): void {
    this.#newestAtMs = receivedAtMs;
    const tag = this.#plainTags.add(received);
    if (tag === null) return;
    if (tag !== received) this.#received.set(tag, received);
    if (tag.type === VIDEO_TAG) this.#hasVideo = true;
    if (tag.type === SCRIPT_TAG) this.#onScript(tag);
    else if (isVideoSequenceHeader(tag) || isAudioSequenceHeader(tag)) this.#cache.replaceHeader(tag);
    else if (!isOnAir) this.#cache.add({ tag, timelineMs: receivedAtMs }, this.#hasVideo);
  }

  /** What the publisher says at moments of its media is of no use later. */
  #onScript(tag: FlvTag): void {
    if (parseScriptMetadata(tag.payload) !== null) this.#metadata = tag;
  }

  /** Whether there is media from which decoding can start. */
  get isReady(): boolean {
    return this.#cache.tags.length > 0;
  }

  /** Whether decoding can start with the newest media, so that nothing has to be shown again. */
  get isAtStart(): boolean {
    return this.#cache.tags.length === 1;
  }

  /** Forgets the media, and keeps what describes it. */
  forgetMedia(): void {
    this.#cache.clear();
  }

  /** Everything, in an order in which a publisher could have sent it. Forgets the media. */
  take(): readonly ReceivedTag[] {
    const media = this.#cache.tags.map(({ tag, timelineMs }) => ({ tag, receivedAtMs: timelineMs }));
    const startMs = media[0]?.receivedAtMs ?? this.#newestAtMs;
    const metadata = this.#metadata === null ? [] : [this.#metadata];
    const headers = [...metadata, ...this.#cache.sequenceHeaders];
    this.#cache.clear();
    const all = [...headers.map((tag) => ({ tag, receivedAtMs: startMs })), ...media];
    return all.map(({ tag, receivedAtMs }) => ({ tag: this.#received.get(tag) ?? tag, receivedAtMs }));
  }
}
