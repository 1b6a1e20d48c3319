import type { InputMeasures } from './input-meter.ts';

/** What warnings are derived from. */
export interface HealthFacts extends InputMeasures {
  readonly hasVideo: boolean;
  readonly hasAudio: boolean;
  /** Frames a second that the source says it has. */
  readonly declaredFrameRate: number | null;
  /** Media seconds out per media second in. */
  readonly encoderSpeed: number | null;
  /** An FFmpeg was replaced within the last minute since it did not keep up. */
  readonly wasOverloaded: boolean;
}

/** What broadcasters are told to set; a restart and every new viewer wait for a keyframe of theirs. */
const ADVISED_KEYFRAME_SECONDS = 2;
const MAX_KEYFRAME_SECONDS = 4;
/** Above the longest distance that is usual, it is no interval any more. */
const NO_KEYFRAME_SECONDS = 12;
const LATE_SECONDS = 1;
const MIN_UPLOAD_SHARE = 0.8;
/** In a minute; single frames are lost whenever a broadcaster switches scenes. */
const MAX_DROPPED_FRAMES = 10;
const MIN_FRAME_RATE_SHARE = 0.8;
const MIN_ENCODER_SPEED = 0.95;

interface Rule {
  readonly applies: (facts: HealthFacts) => boolean;
  readonly text: (facts: HealthFacts) => string;
}

/** In the order in which a broadcaster should look at them. */
const RULES: readonly Rule[] = [
  {
    // A low bitrate alone says nothing: a still picture needs little.
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
  {
    applies: ({ encoderSpeed, wasOverloaded }) =>
      wasOverloaded || (encoderSpeed !== null && encoderSpeed < MIN_ENCODER_SPEED),
    text: () => "the encoder can't keep up",
  },
];

/** What is wrong with a publish, in words for the broadcaster; empty where nothing is. */
export function healthWarnings(facts: HealthFacts): string[] {
  return RULES.filter(({ applies }) => applies(facts)).map(({ text }) => text(facts));
}

function isUploadSlow({ inputKbps, expectedKbps }: HealthFacts): boolean {
  return expectedKbps !== null && inputKbps < expectedKbps * MIN_UPLOAD_SHARE;
}

function isLate({ delaySeconds }: HealthFacts): boolean {
  return delaySeconds > LATE_SECONDS;
}

/** To one decimal, from 0.1 up. */
function toMbps(kbps: number): number {
  return Math.max(0.1, round(kbps / 1000));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
