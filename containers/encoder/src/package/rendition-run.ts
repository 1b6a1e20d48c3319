import { AAC_FRAME_SAMPLES } from '#encoder/media/aac-config.ts';
import type { CodedFrame, MediaRun } from '#encoder/media/media-run.ts';
import { silentAacFrame } from '#encoder/media/silent-frame.ts';
import { buildCmafChunk } from './cmaf-chunk.ts';
import { type CutGrid, cutSeconds, framesInSegment } from './cut-grid.ts';
import { buildEventMessage } from './event-message.ts';
import type { Sample } from './fragment.ts';
import { FragmentReader } from './fragment-reader.ts';
import type { InitSection } from './init-section.ts';
import type { RenditionTimeline } from './rendition-timeline.ts';
import type { RunClock } from './run-clock.ts';
import type { RunEvents } from './run-events.ts';
import { endSeconds, type SegmentStart } from './segment.ts';

/**
 * Audio frames are held back until the video has come as far. This many last about 20 s. If there are more, audio goes on
 * without the picture.
 */
const MAX_HELD_SAMPLES = 1000;
/**
 * Far below an audio frame. If a cut is half-way between two, it is always the earlier one that ends the part: if rounding errors decided
 * that, a part whose length is a whole number of frames could have one more.
 */
const TIE_SECONDS = 1e-6;
/** Sound that is missing at the end of a run, because FFmpeg was killed, becomes silence if it is not longer than this. */
const MAX_SILENCE_SECONDS = 0.5;
/** Ticks of picture and sound are rounded. */
const ROUNDING_FRAMES = 0.01;
/** What arithmetic in seconds loses of a tick. */
const ROUNDING_TICKS = 1e-3;
/**
 * Sequence numbers of fragments rise over all runs and tasks (ISO/IEC 14496-12 8.8.5). A segment has six parts at most. The numbers
 * have 32 bits, which last until 2034; then they begin again.
 */
const SEQUENCE_NUMBERS_PER_SEGMENT = 8;

export interface RenditionRunOptions {
  readonly run: MediaRun;
  readonly grid: CutGrid;
  readonly clock: RunClock;
  /** Video, or audio alone, leads: it is cut by counting frames. Audio with video is cut nearest to the video cuts. */
  readonly isLeader: boolean;
  /** How many frames of the grid one frame of this rendition stands for. */
  readonly frameStep: number;
  /** Media sequence number of the run's first segment. */
  readonly firstMsn: number;
  /** What viewers get for a video frame. @default the frame itself */
  readonly shownData?: ((frame: CodedFrame) => Buffer) | undefined;
  /** What the publisher says. Only leaders' parts have it. @default nothing */
  readonly events?: RunEvents;
  /** Gets each sample of the best video rendition. @default nobody */
  readonly onFrame?: ((data: Buffer) => void) | undefined;
  /** The timelines that get the parts: the rendition's own, and those of renditions that this run no longer makes. */
  readonly timelines: readonly RenditionTimeline[];
}

/** Cuts one rendition of a media run into parts and segments. */
export class RenditionRun {
  readonly #options: RenditionRunOptions;
  readonly #reader = new FragmentReader({
    onHeader: (initSection) => this.#onHeader(initSection),
    onSample: (sample) => this.#onSample(sample),
  });
  /** A follower's samples that wait for the leaders. */
  #held: Sample[] = [];
  /** A follower's newest sample. */
  #newest: Sample | null = null;
  /** What is added to a follower's times, so that it goes on where its media before has ended. Null before its first sample. */
  #moveTicks: number | null = null;
  #partSamples: Sample[] = [];
  #segmentIndex = 0;
  #partIndex = 0;
  /** Of the run, in frames of the grid. */
  #frames = 0;
  /** Of the open segment. */
  #segmentFrames = 0;
  #publishedFrames = 0;
  /** How many it has published. */
  #parts = 0;

  constructor(options: RenditionRunOptions) {
    this.#options = options;
  }

  /** RFC 6381 codec string; null until FFmpeg has written the header. */
  get codec(): string | null {
    return this.#reader.initSection?.codec ?? null;
  }

  /** True once viewers have something to load. */
  get hasParts(): boolean {
    return this.#parts > 0;
  }

  /** How far a leader is, in frames of the grid. */
  get frames(): number {
    return this.#frames;
  }

  /** How far a leader's parts are, in frames of the grid. */
  get publishedFrames(): number {
    return this.#publishedFrames;
  }

  /** True once players can begin with it. Those that know nothing of parts need a whole segment. */
  get isPlayable(): boolean {
    return this.hasParts && this.#options.timelines[0]?.newestComplete() !== undefined;
  }

  /**
   * The latest end of the leaders to which a follower is long enough, with what is not published, in seconds since the first cut: it
   * ends at the frame that is nearest.
   */
  get reachSeconds(): number {
    if (this.#newest === null) return 0;
    return this.#endOf(this.#newest) - (this.#options.clock.startSeconds ?? 0) + this.#halfFrameSeconds();
  }

  /** Takes a chunk of FFmpeg's output and returns how many frames it completed. Throws on a malformed stream. */
  write(chunk: Buffer): number {
    return this.#reader.write(chunk);
  }

  /** Publishes a follower's parts up to where a leader's are. */
  follow(): void {
    const { startSeconds } = this.#options.clock;
    if (startSeconds === null) return;
    let added = 0;
    for (const sample of this.#held) {
      if (!this.#addFollowerSample(sample, startSeconds)) break;
      added++;
    }
    this.#held.splice(0, added);
  }

  /** Publishes a leader's unfinished part, without the frames from `endFrames` on, and closes the open segment. */
  endLeader(endFrames: number): void {
    const { frameStep } = this.#options;
    while (this.#partSamples.length > 0 && this.#frames > endFrames) {
      this.#partSamples.pop();
      this.#frames -= frameStep;
    }
    this.#closeRun();
  }

  /**
   * Publishes a follower's unfinished part up to the frame that is nearest to the leaders' end, and closes the open segment.
   * What is longer would keep players from an end, and the next run has it again. Returns whether there was anything to publish.
   */
  endFollower(): boolean {
    const partsBefore = this.#parts;
    this.follow();
    this.#addSilence();
    const { startSeconds, endSeconds } = this.#options.clock;
    const isWithin = (sample: Sample) =>
      this.#presentationSeconds(sample) < endSeconds - this.#halfFrameSeconds() - TIE_SECONDS;
    this.#partSamples = startSeconds === null ? [] : [...this.#partSamples, ...this.#held].filter(isWithin);
    this.#held = [];
    this.#closeRun();
    return this.#parts > partsBefore;
  }

  /** Fills what is missing of the sound up to the leaders' end, so that the next run goes on there. */
  #addSilence(): void {
    const { run, clock } = this.#options;
    const data = silentAacFrame(run.audio?.channels ?? 0);
    if (this.#newest === null || data === null) return;
    if (clock.endSeconds - this.#endOf(this.#newest) > MAX_SILENCE_SECONDS) return;
    while (clock.endSeconds - this.#endOf(this.#newest) > this.#halfFrameSeconds() + TIE_SECONDS) {
      const { decodeTicks, durationTicks }: Sample = this.#newest;
      const silence = { decodeTicks: decodeTicks + durationTicks, durationTicks: AAC_FRAME_SAMPLES, data };
      this.#onSample({ ...this.#newest, ...silence });
      this.follow();
    }
  }

  #closeRun(): void {
    if (this.#partSamples.length > 0) this.#closePart(true);
    for (const timeline of this.#options.timelines) timeline.pause();
  }

  #onHeader({ data }: InitSection): void {
    const { run, firstMsn, timelines, clock } = this.#options;
    if (timelines.some((timeline) => !timeline.goesOnWith(data))) clock.onOtherCoding();
    for (const timeline of timelines) timeline.beginRun({ epoch: run.epoch, firstMsn }, data);
  }

  #onSample(sample: Sample): void {
    if (this.#options.isLeader) {
      if (this.#segmentIndex === 0 && this.#frames === 0) this.#options.clock.start(this.#presentationSeconds(sample));
      this.#addLeaderSample(this.#shown(sample));
      return;
    }
    this.#newest = sample;
    this.#held.push(sample);
    if (this.#held.length > MAX_HELD_SAMPLES && this.#options.clock.startSeconds === null) this.#held.shift();
  }

  #shown(sample: Sample): Sample {
    const { shownData } = this.#options;
    if (shownData === undefined) return sample;
    const { isSync, data } = sample;
    const shown = shownData({ mediaSeconds: this.#presentationSeconds(sample), isSync, data });
    return shown === data ? sample : { ...sample, data: shown };
  }

  #addLeaderSample(sample: Sample): void {
    const { grid, frameStep } = this.#options;
    this.#options.onFrame?.(sample.data);
    this.#partSamples.push(sample);
    this.#frames += frameStep;
    this.#segmentFrames += frameStep;
    const completesSegment = this.#segmentFrames >= framesInSegment(grid, this.#segmentIndex);
    if (completesSegment || this.#segmentFrames % grid.partFrames === 0) this.#closePart(completesSegment);
  }

  /** Returns false if the sample must wait, because no leader has come to the end of the part that it completes. */
  #addFollowerSample(sample: Sample, startSeconds: number): boolean {
    const { grid, clock } = this.#options;
    const halfFrameSeconds = this.#halfFrameSeconds();
    if (this.#presentationSeconds(sample) - startSeconds < -halfFrameSeconds - TIE_SECONDS) return true;
    if (this.#moveTicks === null && !this.#beginsWith(sample)) return true;
    const segmentFrames = framesInSegment(grid, this.#segmentIndex);
    const isLastPart = (this.#partIndex + 1) * grid.partFrames >= segmentFrames;
    const boundarySeconds = isLastPart
      ? cutSeconds(grid, this.#segmentIndex + 1, 0)
      : cutSeconds(grid, this.#segmentIndex, this.#partIndex + 1);
    const completesPart = this.#endOf(sample) - startSeconds >= boundarySeconds - halfFrameSeconds - TIE_SECONDS;
    const isEarly = clock.publishedSeconds < boundarySeconds - TIE_SECONDS;
    if (completesPart && isEarly && this.#held.length <= MAX_HELD_SAMPLES) return false;
    this.#partSamples.push(sample);
    if (completesPart) this.#closePart(isLastPart);
    return true;
  }

  /**
   * A follower goes on exactly where its media before has ended, which is at most a frame before where the leaders go on, or half a
   * frame after it. So players hear no hole, and dates follow from durations. Returns false if media before would be repeated.
   */
  #beginsWith(first: Sample): boolean {
    const before = this.#options.timelines[0]?.newest();
    // Rounded up, like the shift: in ticks of another rate, the end before is between two of them.
    const endTicks = before === undefined ? 0 : Math.ceil(endSeconds(before) * this.#timescale() - ROUNDING_TICKS);
    const missingTicks = before === undefined ? 0 : first.decodeTicks + this.#shiftTicks() - endTicks;
    const missingFrames = missingTicks / AAC_FRAME_SAMPLES;
    const isNear = missingFrames >= -0.5 - ROUNDING_FRAMES && missingFrames <= 1 + ROUNDING_FRAMES;
    if (!isNear && missingTicks < 0) return false;
    this.#moveTicks = before !== undefined && isNear ? -missingTicks : 0;
    return true;
  }

  #closePart(completesSegment: boolean): void {
    const { run, grid, clock, firstMsn, timelines, isLeader } = this.#options;
    const first = this.#partSamples[0];
    const { initSection } = this.#reader;
    if (first === undefined || initSection === null) throw new Error('a part without samples');
    const segmentSeconds = (clock.startSeconds ?? 0) + cutSeconds(grid, this.#segmentIndex, 0);
    const firstSeconds = this.#presentationSeconds(first);
    const shiftTicks = this.#shiftTicks();
    const start = {
      msn: firstMsn + this.#segmentIndex,
      epoch: run.epoch,
      mediaSeconds: firstSeconds + shiftTicks / this.#timescale(),
      ...clock.segmentStart(this.#segmentIndex, segmentSeconds, firstSeconds - segmentSeconds),
    };
    const header = {
      events: this.#eventBoxes(start, firstSeconds),
      trackId: initSection.trackId,
      sequenceNumber: start.msn * SEQUENCE_NUMBERS_PER_SEGMENT + this.#partIndex + 1,
      decodeTicks: first.decodeTicks + (this.#moveTicks ?? 0) + shiftTicks,
    };
    const part = {
      durationSeconds: this.#partSamples.reduce((ticks, sample) => ticks + sample.durationTicks, 0) / this.#timescale(),
      isIndependent: first.isSync,
      data: buildCmafChunk(header, this.#partSamples),
    };
    for (const timeline of timelines) timeline.addPart(start, part, completesSegment);
    this.#parts++;
    this.#partSamples = [];
    this.#partIndex = completesSegment ? 0 : this.#partIndex + 1;
    this.#publishedFrames = this.#frames;
    if (isLeader) clock.onPublished((this.#frames * grid.segmentSeconds) / grid.segmentFrames);
    if (!completesSegment) return;
    this.#segmentIndex++;
    this.#segmentFrames = 0;
  }

  /** What the publisher said in the part that is closed, as boxes in front of it. */
  #eventBoxes({ msn, programDateTimeMs }: SegmentStart, fromSeconds: number): readonly Buffer[] {
    const { events, isLeader } = this.#options;
    const last = this.#partSamples.at(-1);
    if (events === undefined || !isLeader || last === undefined) return [];
    const timescale = this.#timescale();
    const position = { segmentIndex: this.#segmentIndex, partIndex: this.#partIndex, msn };
    const untilSeconds = this.#endOf(last);
    return events
      .of({ ...position, fromSeconds, untilSeconds, dateTimeMs: programDateTimeMs })
      .map(({ id, mediaSeconds, id3 }) => {
        const presentationTicks = Math.round(mediaSeconds * timescale) + this.#shiftTicks();
        return buildEventMessage({ id, presentationTicks, timescale, id3 });
      });
  }

  /** A whole number of the track's ticks. Rounded up, so that nothing is before the end of what was published. */
  #shiftTicks(): number {
    return Math.ceil(this.#options.clock.shiftSeconds * this.#timescale() - TIE_SECONDS);
  }

  #halfFrameSeconds(): number {
    return AAC_FRAME_SAMPLES / this.#timescale() / 2;
  }

  #endOf(sample: Sample): number {
    return this.#presentationSeconds(sample) + sample.durationTicks / this.#timescale();
  }

  #presentationSeconds(sample: Sample): number {
    return (sample.decodeTicks + sample.compositionOffsetTicks + (this.#moveTicks ?? 0)) / this.#timescale();
  }

  #timescale(): number {
    const { initSection } = this.#reader;
    if (initSection === null) throw new Error('a sample before the moov');
    return initSection.timescale;
  }
}
