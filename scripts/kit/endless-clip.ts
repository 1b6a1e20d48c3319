import { AAC_FRAME_SAMPLES } from '#encoder/media/aac-config.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import type { FlvFile } from './flv-file.ts';

/** A tag of the repeated clip. */
export interface EndlessTag {
  readonly tag: FlvTag;
  /** Number of the frame in the clip, in presentation order. Null for audio. */
  readonly frameNumber: number | null;
}

/**
 * Repeats a clip for ever in decoding order. The timestamps continue across the seams at the clip's exact frame rates.
 */
export function* endlessClip(clip: FlvFile): Generator<EndlessTag, never> {
  const video = endlessVideo(clip);
  const audio = endlessAudio(clip);
  let nextVideo = video.next().value;
  let nextAudio = audio.next().value;
  if (nextVideo === null && nextAudio === null) throw new Error('the clip has neither picture nor sound');
  for (;;) {
    const isAudio =
      nextAudio !== null && (nextVideo === null || nextAudio.tag.timestampMs <= nextVideo.tag.timestampMs);
    const next = isAudio ? nextAudio : nextVideo;
    if (next !== null) yield next;
    if (isAudio) nextAudio = audio.next().value;
    else nextVideo = video.next().value;
  }
}

function* endlessVideo(clip: FlvFile): Generator<EndlessTag | null, never> {
  const frameNumbers = presentationOrder(clip.video);
  const periodMs = clipPeriodMs(clip);
  for (let loop = 0; ; loop++) {
    for (const [index, tag] of clip.video.entries()) {
      const timestampMs = tag.timestampMs + loop * periodMs;
      yield { tag: { ...tag, timestampMs }, frameNumber: frameNumbers[index] ?? null };
    }
    if (clip.video.length === 0) yield null;
  }
}

/**
 * Audio stays on its own grid of AAC frames; otherwise there would be an audible gap at each seam. The content of a
 * frame is the clip's frame nearest to its time. This is exact if the clip is a whole number of AAC frames long.
 */
function* endlessAudio(clip: FlvFile): Generator<EndlessTag | null, never> {
  const first = clip.audio[0];
  const periodMs = clipPeriodMs(clip);
  for (let frame = 0; ; frame++) {
    if (first === undefined || clip.audioSampleRateHz === null) {
      yield null;
      continue;
    }
    const frameMs = (AAC_FRAME_SAMPLES * 1000) / clip.audioSampleRateHz;
    const elapsedMs = frame * frameMs;
    const tag = clip.audio[Math.round((elapsedMs % periodMs) / frameMs)] ?? first;
    yield { tag: { ...tag, timestampMs: Math.round(first.timestampMs + elapsedMs) }, frameNumber: null };
  }
}

/** Duration of the video, or of the audio if there is no video. In whole milliseconds, like all FLV timestamps. */
function clipPeriodMs({ video, audio }: FlvFile): number {
  const tags = video.length > 0 ? video : audio;
  const spanMs = (tags.at(-1)?.timestampMs ?? 0) - (tags[0]?.timestampMs ?? 0);
  return Math.round((spanMs * tags.length) / (tags.length - 1));
}

/** Rank of each frame by presentation time. B-frames are stored after the frame that follows them. */
function presentationOrder(video: readonly FlvTag[]): readonly number[] {
  const presentationTimes = video.map((tag) => tag.timestampMs + tag.payload.readIntBE(2, 3));
  const sorted = presentationTimes.toSorted((a, b) => a - b);
  return presentationTimes.map((time) => sorted.indexOf(time));
}
