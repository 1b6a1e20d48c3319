import { audioKbps, type LadderName, ladderRungs, RUNGS } from '#domain/ladders.ts';
import { viewerRequestsPerSecond } from '#domain/latency-profiles.ts';
import { STATUS_WAIT_MS } from '#encoder/origin/status-waits.ts';
import type { PlannedEvent } from './event.ts';

const SECONDS_PER_HOUR = 3_600;
const BYTES_PER_KBIT = 125;
export const BYTES_PER_GB = 1e9;

/** A media playlist as it is sent: the golden ones of the packager's tests have 470 to 490 bytes when they are compressed. */
export const PLAYLIST_BYTES = 500;
/** Assumed for the headers of an answer. */
export const HEADER_BYTES = 400;
/** Publishers send more than the best rung has. The encoder's capacity was measured with sources at this ratio. */
export const SOURCE_RATIO = 1.5;

/** A page waits for the next status all the time, and each wait in vain is answered. CloudFront bills each request. */
const STATUS_REQUESTS_PER_HOUR = (SECONDS_PER_HOUR * 1_000) / STATUS_WAIT_MS;
/** A status.json with a title is not compressed, and as long as this. */
const STATUS_BYTES = 150;

/** What one viewer takes in an hour. */
export interface ViewerHour {
  readonly bytes: number;
  readonly requests: number;
}

/** One viewer of one rung, with sound, on the watch page. Half of the requests for files are for playlists. */
export function viewerHour({ ladder, rung, latency }: Pick<PlannedEvent, 'ladder' | 'rung' | 'latency'>): ViewerHour {
  const fileRequests = viewerRequestsPerSecond(latency) * SECONDS_PER_HOUR;
  const requests = fileRequests + STATUS_REQUESTS_PER_HOUR;
  const mediaBytes = (videoKbps(rung) + audioKbps(ladder)) * BYTES_PER_KBIT * SECONDS_PER_HOUR;
  const textBytes = (fileRequests / 2) * PLAYLIST_BYTES + STATUS_REQUESTS_PER_HOUR * STATUS_BYTES;
  return { bytes: mediaBytes + textBytes + requests * HEADER_BYTES, requests };
}

/** Bytes that one publisher sends in an hour. */
export const sourceHourBytes = (ladder: LadderName): number =>
  (SOURCE_RATIO * videoKbps(ladder) + audioKbps(ladder)) * BYTES_PER_KBIT * SECONDS_PER_HOUR;

/** Bytes of all renditions of a stream in an hour, which a separate packager takes in. */
export function ladderHourBytes(ladder: LadderName): number {
  const kbps = ladderRungs(ladder).reduce((sum, rung) => sum + rung.videoKbps, audioKbps(ladder));
  return kbps * BYTES_PER_KBIT * SECONDS_PER_HOUR;
}

function videoKbps(name: LadderName): number {
  const rung = RUNGS.find((candidate) => candidate.name === name);
  if (rung === undefined) throw new Error(`there is no rung ${name}`);
  return rung.videoKbps;
}
