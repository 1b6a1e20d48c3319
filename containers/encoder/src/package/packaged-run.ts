import { AUDIO_RENDITION } from '#domain/ladders.ts';
import { frameStep, type MediaRun, type RunDescription, renditionNames } from '#encoder/media/media-run.ts';
import type { CutGrid } from './cut-grid.ts';
import type { DateRanges } from './date-ranges.ts';
import { describeRun, type OfferedRun } from './package-snapshot.ts';
import { RenditionRun } from './rendition-run.ts';
import type { RenditionTimeline } from './rendition-timeline.ts';
import { type RunBeginning, RunClock } from './run-clock.ts';
import { RunEvents } from './run-events.ts';

/** Sound that is further behind the picture than this at the end of a run does not hold up the picture. */
const MAX_SOUND_LAG_SECONDS = 0.5;
/**
 * A shorter last part is left out. hls.js 1.7.4 ends if the middle of the last part is buffered in picture and sound, which may
 * differ by half an audio frame.
 */
const SHORTEST_END_SECONDS = 0.07;
const EPSILON = 1e-6;

export interface PackagedRunOptions {
  readonly run: MediaRun;
  readonly grid: CutGrid;
  /** Media sequence number of the run's first segment. */
  readonly firstMsn: number;
  readonly beginning: RunBeginning;
  /** The timelines that get a rendition's parts. */
  readonly timelinesFedBy: (rendition: string) => readonly RenditionTimeline[];
  /** Gets each frame of the best video rendition that has all of the run's. */
  readonly onFrame: (data: Buffer) => void;
  /** Gets the publisher's signals for advertising. */
  readonly dateRanges: DateRanges;
}

/** A media run that is being packaged, in all its renditions. */
export class PackagedRun {
  readonly description: RunDescription;
  /** That the run's parts go to. */
  readonly timelines: ReadonlySet<RenditionTimeline>;
  readonly #renditions = new Map<string, RenditionRun>();
  readonly #leaders: RenditionRun[] = [];
  readonly #followers: RenditionRun[] = [];
  readonly #clock: RunClock;
  readonly #grid: CutGrid;
  #offered: OfferedRun | null = null;
  #isOver = false;

  constructor({ run, grid, firstMsn, beginning, timelinesFedBy, onFrame, dateRanges }: PackagedRunOptions) {
    this.description = describeRun(run);
    this.#grid = grid;
    this.#clock = new RunClock(run, beginning);
    const shared = { run, grid, clock: this.#clock, firstMsn, events: new RunEvents(run, dateRanges) };
    const fed = new Set<RenditionTimeline>();
    this.timelines = fed;
    const whole = run.video.find((rendition) => frameStep(rendition) === 1);
    for (const name of renditionNames(run)) {
      const isLeader = name !== AUDIO_RENDITION || run.video.length === 0;
      const step = frameStep(run.video.find((rendition) => rendition.name === name));
      const timelines = timelinesFedBy(name);
      for (const timeline of timelines) fed.add(timeline);
      const shownData = name === AUDIO_RENDITION ? undefined : run.shownData?.bind(run, name);
      const own = {
        isLeader,
        shownData,
        frameStep: step,
        timelines,
        onFrame: name === whole?.name ? onFrame : undefined,
      };
      const rendition = new RenditionRun({ ...shared, ...own });
      this.#renditions.set(name, rendition);
      (isLeader ? this.#leaders : this.#followers).push(rendition);
    }
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether any rendition has something to load. */
  get hasParts(): boolean {
    return [...this.#renditions.values()].some((rendition) => rendition.hasParts);
  }

  /** Of the newest segment. */
  get discontinuityNumber(): number {
    return this.#clock.discontinuityNumber;
  }

  /** What the multivariant playlist can say about this run; null until every rendition has a part, and a whole segment. */
  get offered(): OfferedRun | null {
    if (this.#offered !== null) return this.#offered;
    const codecs: Record<string, string> = {};
    for (const [name, { codec, isPlayable }] of this.#renditions) {
      if (!isPlayable || codec === null) return null;
      codecs[name] = codec;
    }
    this.#offered = { run: this.description, codecs };
    return this.#offered;
  }

  /**
   * Returns how many frames the chunk completed. Ignores output that comes after the end. Throws on malformed output,
   * which ends the run.
   */
  write(rendition: string, chunk: Buffer): number {
    if (this.#isOver) return 0;
    try {
      const frames = this.#renditions.get(rendition)?.write(chunk) ?? 0;
      for (const follower of this.#followers) follower.follow();
      return frames;
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /**
   * Publishes what is unfinished, and closes the open segments. All renditions end together, so that nothing repeats when
   * the next run goes on there. Returns the run's own time of that end in seconds; 0 if nothing was published.
   */
  end(): number {
    this.#endAt(() => this.#commonEndFrames());
    return this.#clock.endSeconds;
  }

  /**
   * Closes the open segments as they are. Sound that belongs to a picture which is published already is published, too. Returns
   * whether there was such sound.
   */
  endNow(): boolean {
    return this.#endAt(() => this.#publishedFrames());
  }

  /** Returns whether sound was published. */
  #endAt(endFrames: () => number): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    const end = endFrames();
    for (const leader of this.#leaders) leader.endLeader(end);
    return this.#followers.map((follower) => follower.endFollower()).includes(true);
  }

  /**
   * The last frame that all renditions have, sound included, unless one has published more. In frames of the grid. Does not wait
   * for sound that is far behind: it has stopped.
   */
  #commonEndFrames(): number {
    const frameSeconds = this.#grid.segmentSeconds / this.#grid.segmentFrames;
    const published = this.#publishedFrames();
    const video = Math.min(...this.#leaders.map(({ frames }) => frames));
    const sounds = this.#followers.map(({ reachSeconds }) => Math.floor(reachSeconds / frameSeconds + EPSILON));
    const isNear = (frames: number) => (video - frames) * frameSeconds <= MAX_SOUND_LAG_SECONDS;
    const common = Math.min(video, ...sounds.filter(isNear));
    return (common - published) * frameSeconds < SHORTEST_END_SECONDS ? published : common;
  }

  #publishedFrames(): number {
    return Math.max(...this.#leaders.map(({ publishedFrames }) => publishedFrames));
  }
}
