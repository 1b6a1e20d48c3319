import type { IgnoredTracks } from '#encoder/media/plain-tags.ts';
import type { InputMeasures } from './input-meter.ts';
import type { QualityReduction } from './quality-steps.ts';

/** The facts from which warnings are derived. */
export interface HealthFacts extends InputMeasures {
  readonly hasVideo: boolean;
  readonly hasAudio: boolean;
  /** Further tracks that the publisher sends. Missing means none. */
  readonly ignoredTracks?: IgnoredTracks;
  /** Frames per second according to the source. */
  readonly declaredFrameRate: number | null;
  /** Whether FFmpeg has been too slow for so long that it is not only starting. */
  readonly isEncoderSlow: boolean;
  /** What viewers get less of because FFmpeg did not keep up; null if nothing. */
  readonly reduction: QualityReduction | null;
  /** Media was skipped within the last minute, or FFmpeg replaced, because FFmpeg did not keep up. */
  readonly wasOverloaded: boolean;
}

/** The interval that warnings recommend. After a restart, output has to wait for the publisher's next keyframe. */
const ADVISED_KEYFRAME_SECONDS = 2;
const MAX_KEYFRAME_SECONDS = 4;
/** Longer than any usual interval: keyframes have stopped. */
const NO_KEYFRAME_SECONDS = 12;
const LATE_SECONDS = 1;
const MIN_UPLOAD_SHARE = 0.8;
/** Per minute. Single frames are lost whenever a broadcaster switches scenes. */
const MAX_DROPPED_FRAMES = 10;
const MIN_FRAME_RATE_SHARE = 0.8;

/** Where OBS Studio has the settings that help. */
const OBS = {
  bitrate: '(OBS: Settings > Output > Streaming > Video Bitrate)',
  encoder: '(OBS: Settings > Output > Streaming > Video Encoder)',
  keyframes: '(OBS: Settings > Output > Streaming > Keyframe Interval)',
  audioTrack: '(OBS: Settings > Output > Streaming > Audio Track)',
  multitrack: '(OBS: Settings > Stream > Enable Multitrack Video)',
  picture: '(OBS: Settings > Video > Output Resolution, FPS)',
  stats: '(OBS: Docks > Stats)',
  start: '(OBS: Controls > Stop Streaming, then Start Streaming)',
} as const;
const SET_KEYFRAMES = `set the keyframe interval to ${ADVISED_KEYFRAME_SECONDS} s ${OBS.keyframes}`;
const SEND_LESS = `send a smaller picture or fewer frames a second ${OBS.picture}`;

interface WarningRule {
  readonly applies: (facts: HealthFacts) => boolean;
  readonly text: (facts: HealthFacts) => string;
}

/** Most important first. */
const RULES: readonly WarningRule[] = [
  {
    // A low bitrate alone is no problem: a still picture needs little.
    applies: (facts) => isUploadSlow(facts) && (isLate(facts) || facts.droppedFrames > MAX_DROPPED_FRAMES),
    text: ({ expectedKbps }) =>
      `The upload is slower than the ${toMbps(expectedKbps ?? 0)} Mbit/s that the stream needs; lower the bitrate, or ` +
      `use a network cable ${OBS.bitrate}`,
  },
  {
    applies: ({ droppedFrames }) => droppedFrames > MAX_DROPPED_FRAMES,
    text: ({ droppedFrames }) =>
      `${droppedFrames} frames were lost in the last minute; lower the bitrate if the network drops frames, or the ` +
      `resolution if rendering or encoding lags ${OBS.stats}`,
  },
  {
    applies: (facts) =>
      !isLate(facts) &&
      !facts.wasVideoMissing &&
      facts.declaredFrameRate !== null &&
      facts.frameRate !== null &&
      facts.frameRate < facts.declaredFrameRate * MIN_FRAME_RATE_SHARE,
    text: ({ frameRate, declaredFrameRate }) =>
      `Only ${round(frameRate ?? 0)} of ${round(declaredFrameRate ?? 0)} frames a second arrive; the computer is too busy, so ` +
      `choose a hardware encoder or a smaller picture ${OBS.encoder}`,
  },
  {
    applies: ({ hasVideo, secondsSinceKeyframe }) => hasVideo && (secondsSinceKeyframe ?? 0) > NO_KEYFRAME_SECONDS,
    text: ({ secondsSinceKeyframe }) =>
      `No keyframe has come for ${round(secondsSinceKeyframe ?? 0)} s; ${SET_KEYFRAMES}`,
  },
  {
    applies: ({ keyframeIntervalSeconds, secondsSinceKeyframe }) =>
      (keyframeIntervalSeconds ?? 0) > MAX_KEYFRAME_SECONDS && (secondsSinceKeyframe ?? 0) <= NO_KEYFRAME_SECONDS,
    text: ({ keyframeIntervalSeconds }) =>
      `Keyframes come every ${round(keyframeIntervalSeconds ?? 0)} s; ${SET_KEYFRAMES}`,
  },
  {
    applies: ({ hasVideo, hasAudio }) => hasVideo && !hasAudio,
    text: () => `No sound arrives; send an audio track ${OBS.audioTrack}`,
  },
  {
    applies: ({ hasVideo, isVideoMissing }) => hasVideo && isVideoMissing,
    text: () => `No picture arrives any more; start the stream again ${OBS.start}`,
  },
  {
    applies: ({ ignoredTracks }) => ignoredTracks?.video === true || ignoredTracks?.audio === true,
    text: ({ ignoredTracks }) =>
      ignoredTracks?.video
        ? `More than one video track arrives, and only the first is used; switch multitrack off ${OBS.multitrack}`
        : `More than one audio track arrives, and only the first is used; send one ${OBS.audioTrack}`,
  },
  {
    applies: ({ isEncoderSlow, wasOverloaded }) => wasOverloaded || isEncoderSlow,
    text: () => `The server can't keep up with the stream; ${SEND_LESS}`,
  },
  {
    applies: ({ reduction }) => reduction !== null,
    text: ({ reduction }) =>
      `The server is too busy for full quality, so viewers get ${reductionText(reduction)}; ${SEND_LESS}`,
  },
];

/** What is wrong with a publish, and what the broadcaster can do about it. Empty if all is well. */
export function healthWarnings(facts: HealthFacts): string[] {
  return RULES.filter(({ applies }) => applies(facts)).map(({ text }) => text(facts));
}

function isUploadSlow({ inputKbps, expectedKbps }: HealthFacts): boolean {
  return expectedKbps !== null && inputKbps < expectedKbps * MIN_UPLOAD_SHARE;
}

function isLate({ delaySeconds }: HealthFacts): boolean {
  return delaySeconds > LATE_SECONDS;
}

function reductionText(reduction: QualityReduction | null): string {
  if (reduction === null) return '';
  const { full, current } = reduction;
  if (full.name !== current.name) return `at most ${current.name} instead of ${full.name}`;
  return `${current.name} with ${round(current.frameRate)} instead of ${round(full.frameRate)} frames a second`;
}

/** Rounds to one decimal; at least 0.1. */
function toMbps(kbps: number): number {
  return Math.max(0.1, round(kbps / 1000));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
