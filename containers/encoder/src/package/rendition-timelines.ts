import { AUDIO_RENDITION } from '#domain/ladders.ts';
import { codecOfRendition } from '#domain/video-codecs.ts';
import { AAC_FRAME_SAMPLES } from '#encoder/media/aac-config.ts';
import { type RunDescription, type RunFormat, renditionNames, videoCodec } from '#encoder/media/media-run.ts';
import type { PackageSnapshot } from './package-snapshot.ts';
import { RenditionTimeline, type RenditionTimelineOptions } from './rendition-timeline.ts';
import { endSeconds, type MediaPeriod, type Segment } from './segment.ts';

/** Ends are rounded to ticks. */
const ROUNDING_SECONDS = 1e-4;

/** What the timelines know together. */
export type TimelinesSnapshot = Pick<PackageSnapshot, 'firstMsn' | 'firstMediaSeconds' | 'isEnded' | 'timelines'>;

/**
 * The timelines of all renditions that a stream has had, and what is the same in all of them: where the next run begins. Includes
 * those that the newest run no longer makes, because players stay on the one they chose.
 */
export class RenditionTimelines {
  /** Media sequence number of the first segment of all. */
  readonly firstMsn: number;
  readonly #firstMediaSeconds: number;
  readonly #options: RenditionTimelineOptions;
  readonly #timelines = new Map<string, RenditionTimeline>();
  #isEnded = false;

  constructor(options: RenditionTimelineOptions, past: TimelinesSnapshot) {
    this.#options = options;
    this.firstMsn = past.firstMsn;
    this.#firstMediaSeconds = past.firstMediaSeconds;
    for (const timeline of past.timelines) this.#add(timeline.name, timeline);
    if (past.isEnded) this.end();
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** In the order in which renditions came. */
  get byName(): ReadonlyMap<string, RenditionTimeline> {
    return this.#timelines;
  }

  /**
   * The timelines that a rendition's parts go to. The best rendition of a codec also feeds those that only earlier runs made (the
   * source became smaller, or FFmpeg could not keep up), so that the picture goes on for players that chose them. If a run has
   * nothing in their codec, they get its best rendition of all.
   */
  fedBy(name: string, run: RunFormat): RenditionTimeline[] {
    const fed = [this.#timelines.get(name) ?? this.#add(name)];
    const made = renditionNames(run);
    for (const [other, timeline] of this.#timelines) {
      if (!made.includes(other) && other !== AUDIO_RENDITION && name === standInFor(other, run)) fed.push(timeline);
    }
    return fed;
  }

  /** The epochs of all media in memory. */
  epochs(): ReadonlySet<number> {
    return epochsOf([...this.#timelines.values()].map((timeline) => timeline.held()));
  }

  /** The media sequence number after the newest segment of all renditions. */
  nextMsn(): number {
    let next = this.firstMsn;
    for (const timeline of this.#timelines.values()) next = Math.max(next, timeline.lastMsn() + 1);
    return next;
  }

  /** Media time after all that any rendition has. It goes on over runs, without what is missing between them. */
  nextMediaSeconds(): number {
    return Math.max(this.#firstMediaSeconds, ...[...this.#timelines.values()].map(endOf));
  }

  /**
   * Where the media of a run begins: where the picture ends that is furthest. Sound may have ended half a frame later, and goes on
   * there.
   */
  beginningSeconds({ audio, video }: RunFormat): number {
    const ends = [...this.#timelines].map(([name, timeline]) => {
      const halfFrameSeconds = AAC_FRAME_SAMPLES / (audio?.sampleRateHz ?? Number.POSITIVE_INFINITY) / 2;
      return endOf(timeline) - (name === AUDIO_RENDITION && video.length > 0 ? halfFrameSeconds : 0);
    });
    return Math.max(this.#firstMediaSeconds, ...ends);
  }

  /**
   * The date of the moment `mediaSeconds`, in milliseconds since 1970, at which the media of a run has ended in all renditions. Sound
   * may have ended a frame earlier. Null if it has not.
   */
  dateTimeMs({ epoch, audio, video }: RunDescription, mediaSeconds: number): number | null {
    const soundFrameSeconds = audio === null || video.length === 0 ? 0 : AAC_FRAME_SAMPLES / audio.sampleRateHz;
    const lastMsn = this.nextMsn() - 1;
    const endsThere = ([name, timeline]: readonly [string, RenditionTimeline]): boolean => {
      const segment = timeline.newest();
      if (segment?.epoch !== epoch || segment.msn !== lastMsn || segment.parts.length === 0) return false;
      const unevenSeconds = name === AUDIO_RENDITION ? soundFrameSeconds : 0;
      return Math.abs(mediaSeconds - endSeconds(segment)) <= unevenSeconds + ROUNDING_SECONDS;
    };
    const first = this.#timelines.values().next().value?.newest();
    if (first === undefined || ![...this.#timelines].every(endsThere)) return null;
    return first.programDateTimeMs + (mediaSeconds - first.mediaSeconds) * 1000;
  }

  /** That of the newest media. Null if there is none. */
  newestPeriod(): MediaPeriod | null {
    const periods = [...this.#timelines.values()].map((timeline) => timeline.newestComplete()?.period ?? null);
    return periods.reduce((a, b) => ((b?.mediaSeconds ?? -1) > (a?.mediaSeconds ?? -1) ? b : a), null);
  }

  /** Media bytes in memory. Parts that several renditions share count once. */
  mediaBytes(): number {
    const buffers = new Set<Buffer>();
    for (const timeline of this.#timelines.values()) {
      for (const segment of timeline.held()) for (const part of segment.parts) buffers.add(part.data);
    }
    return [...buffers].reduce((bytes, buffer) => bytes + buffer.length, 0);
  }

  /** Whether nothing has come for so long in any of them, or nothing at all. */
  areSilent(silenceMs: number): boolean {
    return [...this.#timelines.values()].every(
      (timeline) => timeline.newest() === undefined || timeline.isInterrupted(silenceMs),
    );
  }

  /** These timelines, or all, keep back what follows the newest segment that any rendition has. */
  withhold(timelines: Iterable<RenditionTimeline> = this.#timelines.values()): void {
    const afterMsn = this.nextMsn() - 1;
    for (const timeline of timelines) timeline.withhold(afterMsn);
  }

  /** Whether any rendition keeps back what comes. */
  get areWithholding(): boolean {
    return [...this.#timelines.values()].some(({ hasWithheld }) => hasWithheld !== null);
  }

  /** Whether all renditions that are made have something that was kept back. */
  get haveWithheld(): boolean {
    const states = [...this.#timelines.values()].map(({ hasWithheld }) => hasWithheld);
    return states.includes(true) && !states.includes(false);
  }

  publishWithheld(): void {
    for (const timeline of this.#timelines.values()) timeline.publishWithheld();
  }

  dropWithheld(): void {
    for (const timeline of this.#timelines.values()) timeline.dropWithheld();
  }

  /** Every playlist gets its EXT-X-ENDLIST. */
  end(): void {
    this.#isEnded = true;
    for (const timeline of this.#timelines.values()) timeline.end();
  }

  /** Nothing will be added, because the stream goes on elsewhere. */
  freeze(): void {
    for (const timeline of this.#timelines.values()) timeline.freeze();
  }

  /** Throws if a segment is open. Shares media with these timelines. */
  snapshot(): TimelinesSnapshot {
    return {
      firstMsn: this.firstMsn,
      firstMediaSeconds: this.#firstMediaSeconds,
      isEnded: this.#isEnded,
      timelines: [...this.#timelines].map(([name, timeline]) => ({ name, ...timeline.snapshot() })),
    };
  }

  #add(name: string, past?: TimelinesSnapshot['timelines'][number]): RenditionTimeline {
    const timeline = new RenditionTimeline(this.#options, past);
    if (this.#isEnded) timeline.end();
    this.#timelines.set(name, timeline);
    return timeline;
  }
}

/** The rendition of a run that goes on in place of one that it does not make. Undefined for a run without video. */
function standInFor(rendition: string, { video }: RunFormat): string | undefined {
  const codec = codecOfRendition(rendition);
  return (video.find((candidate) => videoCodec(candidate) === codec) ?? video[0])?.name;
}

/** The epochs of segments with media. */
export function epochsOf(timelines: readonly (readonly Segment[])[]): ReadonlySet<number> {
  return new Set(timelines.flat().flatMap(({ epoch, parts }) => (parts.length > 0 ? epoch : [])));
}

function endOf(timeline: RenditionTimeline): number {
  const newest = timeline.newest();
  return newest === undefined ? 0 : endSeconds(newest);
}
