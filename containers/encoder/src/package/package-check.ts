import { renditionNames } from '#encoder/media/media-run.ts';
import { childBoxes } from './box-stream.ts';
import type { PackageHeader } from './package-format.ts';
import type { PackageSnapshot, TimelineSnapshot } from './package-snapshot.ts';
import { endSeconds, type Segment } from './segment.ts';

type Timeline = PackageSnapshot<number>['timelines'][number];

/** Sums of durations differ by rounding only. */
const ROUNDING_SECONDS = 1e-6;

/**
 * Throws unless the values of a header go together as those of a real package do: then nothing that is built on it can
 * fail later, or tell players something that contradicts what they know.
 */
export function checkPackage({ snapshot, mediaBytes }: PackageHeader): void {
  const { timelines, offered, newest, discontinuityNumber } = snapshot;
  const names = timelines.map(({ name }) => name);
  ensure(new Set(names).size === names.length, 'a rendition is there twice');
  ensure(
    (newest === null) === (discontinuityNumber === null),
    'a run without a discontinuity number, or one without a run',
  );
  ensure(
    (newest === null) === (snapshot.partTargetSeconds === null),
    'a run without a part target, or one without a run',
  );
  for (const name of newest === null ? [] : renditionNames(newest.run)) {
    ensure(names.includes(name), 'a rendition of the newest run is missing');
  }
  for (const name of offered === null ? [] : renditionNames(offered.run)) {
    ensure(
      timelines.some((timeline) => timeline.name === name && timeline.segments.length > 0),
      `${name} has no media`,
    );
  }
  for (const timeline of timelines) checkTimeline(timeline, newest?.run.epoch ?? -1, discontinuityNumber ?? -1);
  checkRuns(snapshot);
  checkReferences(snapshot, mediaBytes.length);
}

function checkTimeline(timeline: Timeline, newestEpoch: number, newestDiscontinuityNumber: number): void {
  const { segments, listedFrom } = timeline;
  ensure(listedFrom < Math.max(1, segments.length), 'no segment is listed');
  for (const [index, segment] of segments.entries()) {
    checkSegment(segment, timeline);
    ensure(segment.epoch <= newestEpoch, 'a segment is of a run after the newest');
    ensure(
      segment.discontinuityNumber <= newestDiscontinuityNumber,
      'a segment follows more discontinuities than the newest run',
    );
    const previous = segments[index - 1];
    if (previous !== undefined) checkOrder(previous, segment);
  }
}

function checkSegment(
  { parts, epoch, isGap, durationSeconds }: Segment<number>,
  timeline: TimelineSnapshot<number>,
): void {
  ensure(!isGap || parts.length === 0, 'a gap has parts');
  // A gap, or a segment whose media was lost with an earlier task.
  if (parts.length === 0) return;
  const partSeconds = parts.reduce((total, part) => total + part.durationSeconds, 0);
  ensure(Math.abs(partSeconds - durationSeconds) < ROUNDING_SECONDS, 'a segment is not as long as its parts');
  ensure(
    timeline.initSections.some((section) => section.epoch === epoch),
    'a segment has no init section',
  );
}

function checkOrder(before: Segment<number>, after: Segment<number>): void {
  ensure(after.msn === before.msn + 1, 'media sequence numbers are not consecutive');
  ensure(after.epoch >= before.epoch, 'an epoch goes back');
  ensure(after.discontinuityNumber >= before.discontinuityNumber, 'a discontinuity number goes back');
  ensure(after.mediaSeconds > endSeconds(before) - ROUNDING_SECONDS, 'media time goes back');
}

/** Each run with media is known. */
function checkRuns({ runs, timelines }: PackageSnapshot<number>): void {
  const epochs = new Set(runs.map(({ epoch }) => epoch));
  ensure(epochs.size === runs.length, 'a run is there twice');
  const segments = timelines.flatMap((timeline) => timeline.segments);
  ensure(
    segments.every(({ epoch, parts }) => parts.length === 0 || epochs.has(epoch)),
    'the run of a segment is missing',
  );
}

/** All media is used, either as init section or as part. */
function checkReferences({ timelines }: PackageSnapshot<number>, count: number): void {
  const initSections = new Set(timelines.flatMap((timeline) => timeline.initSections.map(({ data }) => data)));
  const parts = new Set(
    timelines.flatMap(({ segments }) => segments.flatMap((segment) => segment.parts.map(({ data }) => data))),
  );
  const used = new Set([...initSections, ...parts]);
  ensure(used.size === count && [...used].every((index) => index < count), 'media is missing, or is not used');
  ensure(used.size === initSections.size + parts.size, 'an init section is also a part');
}

/** Throws unless media is what a header says: init sections are ftyp and moov, parts are one CMAF chunk each, perhaps with events. */
export function checkMedia({ timelines }: PackageSnapshot<Buffer>): void {
  for (const { initSections, segments } of timelines) {
    for (const { data } of initSections) requireBoxes(data, 'ftyp', 'moov');
    for (const { parts } of segments) for (const { data } of parts) requireBoxes(withoutEvents(data), 'moof', 'mdat');
  }
}

function withoutEvents(data: Buffer): Buffer {
  const first = childBoxes(data).find(({ type }) => type !== 'emsg');
  return first === undefined ? data : data.subarray(first.data.byteOffset - data.byteOffset);
}

function requireBoxes(data: Buffer, ...types: readonly string[]): void {
  const boxes = childBoxes(data);
  const bytes = boxes.reduce((total, box) => total + box.data.length, 0);
  const isWhole = bytes === data.length && boxes.map(({ type }) => type).join() === types.join();
  ensure(isWhole, `media is not ${types.join(' and ')}`);
}

function ensure(isMet: boolean, problem: string): asserts isMet {
  if (!isMet) throw new Error(`not a package: ${problem}`);
}
