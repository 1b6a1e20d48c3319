import { mediaContentType, NOT_FOUND_CACHE_CONTROL } from '#domain/hls-files.ts';
import type { RenditionTimeline } from '#encoder/package/rendition-timeline.ts';
import type { Segment } from '#encoder/package/segment.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import {
  fileHeaders,
  type GrowingResponse,
  IncompleteFileError,
  NOT_FOUND,
  NOT_IN_TIME,
  type OriginResponse,
} from './origin-response.ts';
import type { RequestTarget } from './request-target.ts';
import { untilReady } from './until-ready.ts';

/** A file with media, or an init section. */
export type MediaTarget = RequestTarget & { readonly kind: 'init' | 'segment' | 'part' };
type SegmentTarget = MediaTarget & { readonly kind: 'segment' };

/** In place of a segment that was announced: a box that means nothing. Shaka Player 5.2.12 stands still after an empty body. */
const NOTHING_MADE: OriginResponse = {
  status: 200,
  headers: { ...fileHeaders('segment'), 'cache-control': NOT_FOUND_CACHE_CONTROL },
  body: [Buffer.from('\0\0\0\x08free', 'latin1')],
};

/** Answers for a media file. Waits for one that is being made. */
export async function mediaFile(
  stream: StreamPackage,
  timeline: RenditionTimeline,
  target: MediaTarget,
  signal: AbortSignal,
): Promise<OriginResponse | GrowingResponse> {
  if (target.kind === 'init') {
    const init = timeline.initSection(target.epoch);
    return init === undefined ? NOT_FOUND : mediaResponse(target, [init]);
  }
  if (target.kind === 'segment') return segmentFile(stream, timeline, target, signal);
  if (isNextPart(timeline, target)) {
    // The playlist announced this part (EXT-X-PRELOAD-HINT), so it is being made. Answers when it is complete, or when its run ends without it.
    const isDecided = (): boolean => !isNextPart(timeline, target);
    if (!(await untilReady(stream, timeline, isDecided, signal))) return NOT_IN_TIME;
  }
  const part = timeline.segment(target.epoch, target.msn)?.parts[target.part];
  return part === undefined ? NOT_FOUND : mediaResponse(target, [part.data]);
}

function isNextPart(timeline: RenditionTimeline, target: MediaTarget & { kind: 'part' }): boolean {
  const next = timeline.nextPart();
  return next?.epoch === target.epoch && next.msn === target.msn && next.part === target.part;
}

function mediaResponse(target: MediaTarget, body: readonly Buffer[]): OriginResponse {
  return { status: 200, headers: { ...mediaHeaders(target), 'accept-ranges': 'bytes' }, body };
}

function mediaHeaders({ kind, rendition }: MediaTarget): Record<string, string> {
  return { ...fileHeaders(kind), 'content-type': mediaContentType(kind, rendition) };
}

/**
 * HLS players ask for complete segments. DASH players also ask for the one that is being made, and for the next ones. If another run
 * makes them, and it goes on with the same coding, they get its media. Otherwise they get nothing, and go on with its period: they
 * would ask for ever for what is not found.
 */
async function segmentFile(
  stream: StreamPackage,
  timeline: RenditionTimeline,
  target: SegmentTarget,
  signal: AbortSignal,
): Promise<OriginResponse | GrowingResponse> {
  const { epoch, msn } = target;
  const find = (): Segment | undefined => timeline.segment(epoch, msn) ?? timeline.continuation(epoch, msn);
  const isAnnounced = (): boolean => stream.profile.partSeconds !== null && timeline.mayHaveAnnounced(epoch, msn);
  const isDecided = (): boolean =>
    find() !== undefined || timeline.ended || timeline.lastMsn() >= msn || !isAnnounced();
  if (!isDecided() && !(await untilReady(stream, timeline, isDecided, signal))) return NOT_IN_TIME;
  const segment = find();
  if (segment === undefined) return isAnnounced() ? NOTHING_MADE : NOT_FOUND;
  if (segment.isComplete)
    return mediaResponse(
      target,
      segment.parts.map(({ data }) => data),
    );
  return { status: 200, headers: mediaHeaders(target), parts: partsOf(stream, timeline, segment, signal) };
}

/** The parts that a segment has, and those that it gets. */
async function* partsOf(
  stream: StreamPackage,
  timeline: RenditionTimeline,
  segment: Segment,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for (let index = 0; ; index++) {
    const isDecided = (): boolean => index < segment.parts.length || segment.isComplete;
    if (!isDecided() && !(await untilReady(stream, timeline, isDecided, signal))) {
      throw new IncompleteFileError('the rest of the segment has not come in time');
    }
    const part = segment.parts[index];
    if (part === undefined) return;
    yield part.data;
  }
}
