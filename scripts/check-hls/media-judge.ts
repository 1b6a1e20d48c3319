import { BoundedMap } from './bounded-map.ts';
import type { FindingList } from './finding-list.ts';
import type { InitTrack } from './media/init-tracks.ts';
import { type InitFacts, type MediaFile, readInit, readMedia } from './media/media-file.ts';
import type { MediaFragment } from './media/media-fragments.ts';
import { fileKey, type ListedSegment, lengthSeconds, type MediaPlaylist, rangeOf } from './playlist/media-playlist.ts';
import { IFRAME_RULES } from './rules/iframe-rules.ts';
import type { JudgedSegment } from './rules/observed-rendition.ts';
import { mainTrack, type PartMedia, SEGMENT_RULES, type SegmentMedia, spans } from './rules/segment-rules.ts';
import type { SegmentHistory } from './segment-history.ts';

const MAX_FILES = 1_000;
/** More than the files that may be asked for once more. */
const MAX_DONE = 5_000;
const MAX_INITS = 100;
const MAX_MEASURED = 5_000;
/** Segments that wait for files before the oldest is judged by what there is. */
const MAX_WAITING = 64;
/** Many timestamps are rounded to milliseconds. */
const TIMESTAMP_SECONDS = 1e-3;

export interface MediaJudgeOptions {
  readonly history: SegmentHistory;
  readonly findings: FindingList;
  /** Where findings are. */
  readonly place: string;
  /** The path of a file that the playlist names. */
  readonly toPath: (uri: string) => string;
}

/** Judges the segments of one rendition in order, each once it is listed as complete and all of its files are there. */
export class MediaJudge {
  readonly #options: MediaJudgeOptions;
  readonly #files = new BoundedMap<string, MediaFile>(MAX_FILES);
  /** Paths of files whose segments were judged: nobody needs them again. */
  readonly #done = new BoundedMap<string, true>(MAX_DONE);
  readonly #inits = new BoundedMap<string, InitFacts | string>(MAX_INITS);
  readonly #waiting = new Map<number, ListedSegment>();
  readonly #measured = new BoundedMap<number, JudgedSegment>(MAX_MEASURED);
  #newest = -1;
  #previous: SegmentMedia | null = null;
  #newestEndSeconds: number | null = null;
  #newestDiscontinuityNumber: number | null = null;
  #track: InitTrack | null = null;
  #tracks: readonly InitTrack[] = [];
  #hasIFramesOnly = false;

  constructor(options: MediaJudgeOptions) {
    this.#options = options;
  }

  get measured(): readonly JudgedSegment[] {
    return [...this.#measured.values()];
  }

  /** The main track of the newest init section. */
  get track(): InitTrack | null {
    return this.#track;
  }

  /** All tracks of the newest init section. */
  get tracks(): readonly InitTrack[] {
    return this.#tracks;
  }

  addPlaylist({ segments, hasIFramesOnly }: MediaPlaylist): void {
    this.#hasIFramesOnly = hasIFramesOnly;
    for (const segment of segments) {
      if (segment.uri === null || segment.isGap || segment.msn <= this.#newest) continue;
      const known = this.#waiting.get(segment.msn);
      if (known === undefined || known.parts.length < segment.parts.length) this.#waiting.set(segment.msn, segment);
    }
    this.#judgeReady();
  }

  addFile(file: MediaFile): void {
    if (this.#done.has(file.path)) return;
    this.#files.set(file.path, file);
    this.#judgeReady();
  }

  /** Judges what waits for files that do not come. */
  finish(): void {
    for (const msn of [...this.#waiting.keys()].toSorted((a, b) => a - b)) this.#judge(msn);
  }

  #judgeReady(): void {
    while (this.#waiting.size > 0) {
      const msn = Math.min(...this.#waiting.keys());
      const segment = this.#waiting.get(msn);
      const isNext = this.#previous === null || msn === this.#newest + 1;
      const isReady = segment !== undefined && isNext && this.#hasFiles(segment);
      if (!isReady && this.#waiting.size <= MAX_WAITING) return;
      this.#judge(msn);
    }
  }

  #hasFiles(segment: ListedSegment): boolean {
    const map = this.#options.history.map(segment.msn);
    const hasParts = segment.parts.every(({ uri }) => this.#file(uri) !== undefined);
    const hasInit = map === null || this.#file(map) !== undefined;
    return hasParts && hasInit && this.#file(segment.uri, rangeOf(segment)) !== undefined;
  }

  #file(uri: string | null, range: string | null = null): MediaFile | undefined {
    return uri === null ? undefined : this.#files.get(fileKey(this.#options.toPath(uri), range));
  }

  #judge(msn: number): void {
    const listed = this.#waiting.get(msn);
    this.#waiting.delete(msn);
    if (listed === undefined) return;
    this.#judgeListed(listed);
    if (listed.uri !== null) this.#drop(listed.uri, rangeOf(listed));
    for (const { uri } of listed.parts) this.#drop(uri);
  }

  #drop(uri: string, range: string | null = null): void {
    const path = fileKey(this.#options.toPath(uri), range);
    this.#files.delete(path);
    this.#done.set(path, true);
  }

  #judgeListed(listed: ListedSegment): void {
    const { msn } = listed;
    const file = this.#file(listed.uri, rangeOf(listed));
    const init = this.#init(msn);
    const isNext = msn === this.#newest + 1;
    this.#newest = msn;
    const previous = isNext ? this.#previous : null;
    this.#previous = null;
    if (file === undefined || init === null) return;
    const facts = typeof init === 'string' ? init : readMedia(file, init, { isIFrame: this.#hasIFramesOnly });
    const discontinuityNumber = this.#options.history.discontinuityNumber(msn);
    // Timestamps may begin anew after a discontinuity.
    const isContinued = listed.discontinuities === 0 && discontinuityNumber === this.#newestDiscontinuityNumber;
    if (!isContinued) this.#newestEndSeconds = null;
    this.#newestDiscontinuityNumber = discontinuityNumber;
    const segment: SegmentMedia = {
      ...{ listed, file, facts, init, previous },
      discontinuityNumber,
      parts: this.#parts(listed, init),
      newestEndSeconds: this.#newestEndSeconds,
    };
    this.#options.findings.check(this.#hasIFramesOnly ? IFRAME_RULES : SEGMENT_RULES, this.#options.place, segment);
    this.#track = mainTrack(init) ?? this.#track;
    if (typeof init !== 'string') this.#tracks = init.tracks;
    this.#newestEndSeconds = spans(facts, init).at(-1)?.endSeconds ?? this.#newestEndSeconds;
    this.#previous = { ...segment, previous: null, parts: [] };
    this.#measured.set(msn, measure(segment));
  }

  /** All or none, since some of them say nothing of the segment. */
  #parts({ parts }: ListedSegment, init: InitFacts | string): PartMedia[] {
    if (typeof init === 'string') return [];
    const found = parts.flatMap((listed) => {
      const file = this.#file(listed.uri);
      return file === undefined ? [] : [{ listed, file, facts: readMedia(file, init) }];
    });
    return found.length === parts.length ? found : [];
  }

  #init(msn: number): InitFacts | string | null {
    const map = this.#options.history.map(msn);
    if (map === null) return null;
    const path = this.#options.toPath(map);
    const file = this.#files.get(path);
    if (file !== undefined && !this.#inits.has(path)) this.#inits.set(path, readInit(file));
    // It is needed for as long as the stream lives.
    if (file !== undefined) this.#files.set(path, file);
    return this.#inits.get(path) ?? null;
  }
}

function measure({ listed, file, facts, init, discontinuityNumber }: SegmentMedia): JudgedSegment {
  const track = mainTrack(init);
  const own = typeof facts === 'string' ? [] : facts.fragments.filter(({ trackId }) => trackId === track?.trackId);
  const shortestTicks = Math.min(...own.map(({ shortestSampleTicks }) => shortestSampleTicks));
  return {
    msn: listed.msn,
    file: file.path.split(' ', 1)[0] ?? '',
    startSeconds: spans(facts, init)[0]?.startSeconds ?? null,
    programDateTimeMs: listed.programDateTimeMs,
    discontinuityNumber,
    durationSeconds: lengthSeconds(listed),
    sizeBytes: file.bytes.length,
    sampleSeconds: track !== null && Number.isFinite(shortestTicks) ? shortestTicks / track.timescale : 0,
    framesPerSecond: track?.kind === 'video' ? averageRate(own, track.timescale) : null,
  };
}

/** Of all frames together, since single ones may be a millisecond longer or shorter. Null without any. */
function averageRate(fragments: readonly MediaFragment[], timescale: number): number | null {
  const frames = fragments.reduce((total, { sampleCount }) => total + sampleCount, 0);
  const ticks = fragments.reduce((total, { durationTicks }) => total + durationTicks, 0);
  return frames === 0 ? null : frames / (ticks / timescale + TIMESTAMP_SECONDS);
}
