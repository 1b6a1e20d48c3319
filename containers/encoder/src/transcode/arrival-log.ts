/** Twice as many as 60 pictures a second with sound have in a minute; of a publisher who sends more only the newest count. */
const CAPACITY = 16_384;

/** Frames of a span of arrival time, summed up. */
export interface ArrivalSum {
  readonly arrivals: number;
  readonly videoFrames: number;
  readonly bytes: number;
  /** Of its first and last arrival; 0 where there is none. */
  readonly firstReceivedAtMs: number;
  readonly firstTimelineMs: number;
  readonly lastTimelineMs: number;
  /** How much later than its place on the timeline the most punctual frame came; Infinity of no arrival. */
  readonly leastOffsetMs: number;
}

/**
 * The newest frames of a publisher, oldest first, in a ring of columns: a frame of each of a minute as an object would be garbage
 * that the collector finds after it has grown old, and looking through them is what every heartbeat does.
 */
export class ArrivalLog {
  readonly #receivedAtMs = new Float64Array(CAPACITY);
  readonly #timelineMs = new Float64Array(CAPACITY);
  readonly #bytes = new Uint32Array(CAPACITY);
  readonly #isVideo = new Uint8Array(CAPACITY);
  readonly #videoTimesMs = new Float64Array(CAPACITY);
  #first = 0;
  #count = 0;

  /** Adds a frame; milliseconds since 1970 and of the publisher's timeline. */
  add(frame: { receivedAtMs: number; timelineMs: number; sizeBytes: number; isVideo: boolean }): void {
    if (this.#count === CAPACITY) this.#drop();
    const slot = this.#slot(this.#count);
    this.#receivedAtMs[slot] = frame.receivedAtMs;
    this.#timelineMs[slot] = frame.timelineMs;
    this.#bytes[slot] = frame.sizeBytes;
    this.#isVideo[slot] = frame.isVideo ? 1 : 0;
    this.#count += 1;
  }

  /** Forgets the oldest frames, up to the first that came at `ms` or later. */
  forgetBefore(ms: number): void {
    while (this.#count > 0 && (this.#receivedAtMs[this.#first] ?? ms) < ms) this.#drop();
  }

  /** Those that came from `fromMs` on, and before `untilMs`. */
  sum(fromMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY): ArrivalSum {
    const sum = { arrivals: 0, videoFrames: 0, bytes: 0, firstReceivedAtMs: 0, firstTimelineMs: 0, lastTimelineMs: 0 };
    let leastOffsetMs = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.#count; index++) {
      const slot = this.#slot(index);
      const receivedAtMs = this.#receivedAtMs[slot] ?? 0;
      const timelineMs = this.#timelineMs[slot] ?? 0;
      if (receivedAtMs < fromMs || receivedAtMs >= untilMs) continue;
      if (sum.arrivals === 0) Object.assign(sum, { firstReceivedAtMs: receivedAtMs, firstTimelineMs: timelineMs });
      sum.arrivals += 1;
      sum.videoFrames += this.#isVideo[slot] ?? 0;
      sum.bytes += this.#bytes[slot] ?? 0;
      sum.lastTimelineMs = timelineMs;
      leastOffsetMs = Math.min(leastOffsetMs, receivedAtMs - timelineMs);
    }
    return { ...sum, leastOffsetMs };
  }

  /** Places of the video frames on the timeline, in the order in which they came. The array is valid until the next call. */
  videoTimes(): Float64Array {
    let frames = 0;
    for (let index = 0; index < this.#count; index++) {
      const slot = this.#slot(index);
      if (this.#isVideo[slot] === 1) this.#videoTimesMs[frames++] = this.#timelineMs[slot] ?? 0;
    }
    return this.#videoTimesMs.subarray(0, frames);
  }

  #drop(): void {
    this.#first = this.#slot(1);
    this.#count -= 1;
  }

  #slot(index: number): number {
    return (this.#first + index) % CAPACITY;
  }
}
