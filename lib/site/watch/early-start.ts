import { Events, type default as Hls } from 'hls.js';
import { RESUME_BUFFER_SHARE } from './playback.ts';

/** What is buffered, and where playback is to start. */
export interface StartSample {
  /** Where hls.js wants to start. -1 if it does not know yet. */
  readonly wantedSeconds: number;
  readonly bufferStartSeconds: number;
  readonly bufferEndSeconds: number;
  /** Distance from the live edge. Null before the first playlist. */
  readonly targetLatencySeconds: number | null;
  readonly partSeconds: number;
}

/** The position to start at. Null if too little is buffered. */
export function earlyStart(sample: StartSample): number | null {
  const { wantedSeconds, bufferStartSeconds, bufferEndSeconds, targetLatencySeconds, partSeconds } = sample;
  // Audio and video do not begin at the same time, as hls.js knows.
  const isNear = bufferStartSeconds - wantedSeconds < 2 * partSeconds;
  if (wantedSeconds <= 0 || targetLatencySeconds === null || !isNear) return null;
  const position = Math.max(wantedSeconds, bufferStartSeconds);
  return bufferEndSeconds - position >= targetLatencySeconds * RESUME_BUFFER_SHARE ? position : null;
}

/**
 * Goes to where playback starts as soon as there is enough to play. hls.js would do so when it has every part that the
 * playlist has of a segment, one after the other.
 */
export function startEarly(hls: Hls, video: HTMLVideoElement): void {
  const onAppended = (): void => {
    const { buffered } = video;
    if (hls.hasEnoughToStart || video.currentTime > 0) {
      hls.off(Events.BUFFER_APPENDED, onAppended);
      return;
    }
    if (buffered.length !== 1) return;
    const position = earlyStart({
      wantedSeconds: hls.startPosition,
      bufferStartSeconds: buffered.start(0),
      bufferEndSeconds: buffered.end(0),
      targetLatencySeconds: hls.targetLatency,
      partSeconds: hls.latestLevelDetails?.partTarget ?? 0,
    });
    if (position !== null) video.currentTime = position;
  };
  hls.on(Events.BUFFER_APPENDED, onAppended);
}
