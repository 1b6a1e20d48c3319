import { type CodedFrame, framesPerSecond, type MediaRun } from '#encoder/media/media-run.ts';
import type { Sample } from '#encoder/package/fragment.ts';
import type { EncodedSlate } from './encoded-slate.ts';

export interface MissingPictureOptions {
  readonly run: Pick<MediaRun, 'frameRate' | 'pictureMissingSeconds'>;
  /** Encodes a slate as the run is encoded. Null if that fails. Called only if a picture is missing. */
  readonly makeSlate: () => Promise<EncodedSlate | null>;
}

/** Shorter absences show the last picture. */
const SHOWN_AFTER_SECONDS = 5;
/** The slate takes half a second of CPU, at low priority. */
const MADE_AFTER_SECONDS = 1;

/** The frames of a rendition's slate that stand in for one GOP of a run. */
interface StandInGop {
  readonly frames: readonly Sample[];
  shown: number;
}

/**
 * Shows a slate in place of a run's picture while the source's own has been missing for long. A run's frames keep their times, and
 * GOPs are replaced as a whole: both are coded alike, so players see one picture that goes on.
 */
export class MissingPicture {
  readonly #options: MissingPictureOptions;
  /** A source's frame is put out at the nearest frame of the run. */
  readonly #halfFrameSeconds: number;
  #isAskedFor = false;
  #slate: EncodedSlate | null = null;
  readonly #gops = new Map<string, StandInGop>();

  constructor(options: MissingPictureOptions) {
    this.#options = options;
    const { frameRate } = options.run;
    this.#halfFrameSeconds = frameRate === null ? 0 : 0.5 / framesPerSecond(frameRate);
  }

  /** What viewers get for a frame of a video rendition. Must be told of all frames, in order. */
  dataFor(rendition: string, { mediaSeconds, isSync, data }: CodedFrame): Buffer {
    if (isSync) this.#beginGop(rendition, mediaSeconds);
    const gop = this.#gops.get(rendition);
    if (gop === undefined) return data;
    const frame = gop.frames[gop.shown++];
    if (frame === undefined) throw new Error(`a GOP of ${rendition} is longer than that of its slate`);
    return frame.data;
  }

  #beginGop(rendition: string, mediaSeconds: number): void {
    this.#gops.delete(rendition);
    const missingSeconds = this.#options.run.pictureMissingSeconds?.(mediaSeconds + this.#halfFrameSeconds) ?? 0;
    if (missingSeconds >= MADE_AFTER_SECONDS) this.#askForSlate();
    else if (this.#slate === null) this.#isAskedFor = false;
    if (missingSeconds < SHOWN_AFTER_SECONDS) return;
    const frames = this.#slate?.renditions.find(({ name }) => name === rendition)?.frames;
    if (frames !== undefined) this.#gops.set(rendition, { frames, shown: 0 });
  }

  #askForSlate(): void {
    if (this.#isAskedFor) return;
    this.#isAskedFor = true;
    void this.#options.makeSlate().then((slate) => {
      this.#slate = slate;
    });
  }
}
