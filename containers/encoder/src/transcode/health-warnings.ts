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

interface WarningRule {
  readonly applies: (facts: HealthFacts) => boolean;
  readonly text: (facts: HealthFacts) => string;
}

/** Most important first. */
const RULES: readonly WarningRule[] = [
  {
    // A low bitrate alone is no problem: a still picture needs little.
    applies: (facts) => isUploadSlow(facts) && (isLate(facts) || facts.droppedFrames > MAX_DROPPED_FRAMES),
    text: ({ expectedKbps }) => `upload drops below ${toMbps(expectedKbps ?? 0)} Mbit/s`,
  },
  {
    applies: ({ droppedFrames }) => droppedFrames > MAX_DROPPED_FRAMES,
    text: ({ droppedFrames }) => `${droppedFrames} frames were lost in the last minute`,
  },
  {
    applies: (facts) =>
      !isLate(facts) &&
      !facts.wasVideoMissing &&
      facts.declaredFrameRate !== null &&
      facts.frameRate !== null &&
      facts.frameRate < facts.declaredFrameRate * MIN_FRAME_RATE_SHARE,
    text: ({ frameRate, declaredFrameRate }) =>
      `only ${round(frameRate ?? 0)} of ${round(declaredFrameRate ?? 0)} frames a second arrive`,
  },
  {
    applies: ({ hasVideo, secondsSinceKeyframe }) => hasVideo && (secondsSinceKeyframe ?? 0) > NO_KEYFRAME_SECONDS,
    text: ({ secondsSinceKeyframe }) =>
      `no keyframe for ${round(secondsSinceKeyframe ?? 0)} s, set the keyframe interval to ${ADVISED_KEYFRAME_SECONDS} s`,
  },
  {
    applies: ({ keyframeIntervalSeconds, secondsSinceKeyframe }) =>
      (keyframeIntervalSeconds ?? 0) > MAX_KEYFRAME_SECONDS && (secondsSinceKeyframe ?? 0) <= NO_KEYFRAME_SECONDS,
    text: ({ keyframeIntervalSeconds }) =>
      `keyframe interval is ${round(keyframeIntervalSeconds ?? 0)} s, set it to ${ADVISED_KEYFRAME_SECONDS} s`,
  },
  { applies: ({ hasVideo, hasAudio }) => hasVideo && !hasAudio, text: () => 'no audio arrives' },
  { applies: ({ hasVideo, isVideoMissing }) => hasVideo && isVideoMissing, text: () => 'no video arrives' },
  {
    applies: ({ ignoredTracks }) => ignoredTracks?.video === true || ignoredTracks?.audio === true,
    text: ({ ignoredTracks }) =>
      `more than one ${ignoredTracks?.video ? 'video' : 'audio'} track arrives, only the first is used`,
  },
  {
    applies: ({ isEncoderSlow, wasOverloaded }) => wasOverloaded || isEncoderSlow,
    text: () => "the encoder can't keep up",
  },
  {
    applies: ({ reduction }) => reduction !== null,
    text: ({ reduction }) => `the encoder is too busy for full quality: viewers get ${reductionText(reduction)}`,
  },
];

/** What is wrong with a publish, in words for the broadcaster. Empty if all is well. */
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
