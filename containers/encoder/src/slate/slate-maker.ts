import type { Logger } from 'pino';
import type { SlateImage } from '#domain/slate-images.ts';
import { renditionNames } from '#encoder/media/media-run.ts';
import { FfmpegProcess, type SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import { atLowPriority } from '#encoder/transcode/low-priority.ts';
import type { OutputPlan } from '#encoder/transcode/rendition-plan.ts';
import { barePicture } from './bare-picture.ts';
import { type EncodedSlate, readSlate } from './encoded-slate.ts';
import { type SlatePicture, slateArguments } from './slate-arguments.ts';
import { type SlateReason, slateScript } from './slate-text.ts';

export interface SlateMakerOptions {
  /** Path of the picture that stands in for every stream, a PNG or JPEG. Null for a plain one with the stream's title. */
  readonly imagePath: string | null;
  /** Reads a stream's own picture. Null if it has none any more. */
  readonly readImage: (streamId: string) => Promise<SlateImage | null>;
  /** Folder of the font that titles are written in. */
  readonly fontsDir: string;
  readonly spawn: SpawnProcess;
  readonly log: Logger;
}

/** It takes half a second of CPU. Long enough for a task without an idle moment. */
const TIME_LIMIT_MS = 45_000;
/** A GOP of the largest ladder at full bitrate is below this. */
const MAX_BYTES = 12 * 1024 * 1024;

/** Makes slates, one after the other, at low priority: live streams come first. */
export class SlateMaker {
  readonly #options: SlateMakerOptions;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: SlateMakerOptions) {
    this.#options = options;
  }

  /**
   * Encodes a slate for the runs of a plan, with the own picture of the stream with the id `pictureOf`. Null if that fails, which is
   * logged. Never rejects.
   */
  make(
    plan: OutputPlan,
    title: string | null,
    reason: SlateReason,
    pictureOf: string | null = null,
  ): Promise<EncodedSlate | null> {
    const made = this.#queue.then(() => this.#make(plan, this.#pictures(plan, title, reason), pictureOf));
    this.#queue = made;
    return made;
  }

  async #make(
    plan: OutputPlan,
    others: readonly SlatePicture[],
    pictureOf: string | null,
  ): Promise<EncodedSlate | null> {
    const image = pictureOf === null || plan.video.length === 0 ? null : await this.#readImage(pictureOf);
    for (const picture of image === null ? others : [{ image }, ...others]) {
      try {
        return await this.#encode(plan, picture);
      } catch (error) {
        this.#options.log.warn({ err: error }, 'a slate could not be made');
      }
    }
    return null;
  }

  async #readImage(streamId: string): Promise<SlateImage | null> {
    const { readImage, log } = this.#options;
    try {
      const image = await readImage(streamId);
      if (image === null) log.info({ streamId }, 'the picture for the slate is not there any more');
      return image;
    } catch (error) {
      log.warn({ streamId, err: error }, 'the picture for the slate could not be read');
      return null;
    }
  }

  /** The picture, and what is tried if that can't be made: an FFmpeg without a renderer of subtitles can still fill the picture. */
  #pictures({ video }: OutputPlan, title: string | null, reason: SlateReason): SlatePicture[] {
    const { imagePath, fontsDir } = this.#options;
    const best = video[0];
    const plain: SlatePicture = { script: null, fontsDir };
    if (best === undefined) return [plain];
    const text: SlatePicture = { script: slateScript(title, reason, best), fontsDir };
    return imagePath === null ? [text, plain] : [{ imagePath }, text, plain];
  }

  async #encode(plan: OutputPlan, picture: SlatePicture): Promise<EncodedSlate> {
    const { spawn, log } = this.#options;
    const bare = 'image' in picture ? barePicture(picture.image) : null;
    const outputs = new Map<string, Buffer[]>(renditionNames(plan).map((name) => [name, []]));
    let bytes = 0;
    const ffmpeg = new FfmpegProcess({
      args: slateArguments(plan, picture),
      outputs: [...outputs.keys()],
      spawn: atLowPriority(spawn),
      onOutput: (output, chunk) => {
        bytes += chunk.length;
        if (bytes > MAX_BYTES) ffmpeg.kill();
        else outputs.get(output)?.push(chunk);
      },
      onDrain: () => undefined,
      onStderrLine: (line) => log.debug({ line }, 'ffmpeg of a slate'),
    });
    if (bare !== null) ffmpeg.write(bare, 0);
    ffmpeg.finish(TIME_LIMIT_MS);
    const { code, signal, stderrTail } = await ffmpeg.exit;
    if (code !== 0)
      throw new Error(`FFmpeg ended with ${code ?? signal ?? 'nothing'}: ${stderrTail.slice(-3).join('; ')}`);
    return readSlate(plan, new Map([...outputs].map(([name, chunks]) => [name, Buffer.concat(chunks)])));
  }
}
