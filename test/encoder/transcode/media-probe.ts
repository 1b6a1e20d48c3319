import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Box, BoxStream } from '#encoder/package/box-stream.ts';
import { parseFragment } from '#encoder/package/fragment.ts';
import { type InitSection, parseInitSection } from '#encoder/package/init-section.ts';

/** A packet of a fragmented MP4, with its time in seconds. */
export interface Packet {
  readonly pts: number;
  readonly isKeyframe: boolean;
}

/** What ffprobe reports about a file with one track. */
export interface ProbedFile {
  readonly packets: readonly Packet[];
  readonly timescale: number;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly sampleRateHz: number;
  readonly channels: number | undefined;
}

interface FfprobeJson {
  readonly packets: readonly { readonly pts: number; readonly flags: string }[];
  readonly streams: readonly {
    readonly time_base: string;
    readonly width?: number;
    readonly height?: number;
    readonly sample_rate?: string;
    readonly channels?: number;
  }[];
}

const PICTURE_SIDE = 16;

/** Reads a file's track and packets. Throws if ffprobe prints any error. */
export async function probeTrack(file: Buffer): Promise<ProbedFile> {
  const out = await pipeThrough(
    'ffprobe',
    ['-v', 'error', '-show_packets', '-show_streams', '-of', 'json', 'pipe:0'],
    file,
  );
  const { packets, streams } = JSON.parse(out.toString()) as FfprobeJson;
  const [stream] = streams;
  if (stream === undefined || streams.length !== 1) throw new Error(`${streams.length} tracks instead of one`);
  const timescale = Number(stream.time_base.split('/')[1]);
  return {
    packets: packets.map(({ pts, flags }) => ({ pts: pts / timescale, isKeyframe: flags.startsWith('K') })),
    timescale,
    width: stream.width,
    height: stream.height,
    sampleRateHz: Number(stream.sample_rate ?? 0),
    channels: stream.channels,
  };
}

/** The mean brightness of each picture, 0 to 255. Throws if FFmpeg prints any error. */
export async function decodeBrightness(file: Buffer): Promise<readonly number[]> {
  const scaled = ['-vf', `scale=${PICTURE_SIDE}:${PICTURE_SIDE}`, '-pix_fmt', 'gray', '-fps_mode', 'passthrough'];
  const args = ['-v', 'error', '-xerror', '-i', 'pipe:0', ...scaled, '-f', 'rawvideo', 'pipe:1'];
  const pixels = await pipeThrough('ffmpeg', args, file);
  const pictureBytes = PICTURE_SIDE * PICTURE_SIDE;
  return Array.from({ length: pixels.length / pictureBytes }, (_, index) => {
    const picture = pixels.subarray(index * pictureBytes, (index + 1) * pictureBytes);
    return picture.reduce((sum, pixel) => sum + pixel, 0) / pictureBytes;
  });
}

/** The samples of the first channel, -1 to 1. */
export async function decodeSound(file: Buffer): Promise<readonly number[]> {
  const args = ['-v', 'error', '-xerror', '-i', 'pipe:0', '-af', 'pan=mono|c0=c0', '-f', 's16le', 'pipe:1'];
  const bytes = await pipeThrough('ffmpeg', args, file);
  return Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readInt16LE(index * 2) / 32_768);
}

async function pipeThrough(command: string, args: readonly string[], input: Buffer): Promise<Buffer> {
  const child = spawn(command, args, { stdio: 'pipe' });
  const out: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  // A program may close its input before the end. Its output and exit code tell whether it failed.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  if (code !== 0 || errors.length > 0) throw new Error(`${command} (${code}): ${Buffer.concat(errors)}`);
  return Buffer.concat(out);
}

/** Counts the complete frames of a fragmented MP4 that arrives in arbitrary chunks. */
export class FrameCounter {
  frames = 0;
  readonly #boxes = new BoxStream();
  #initSection: InitSection | null = null;
  #before: Box | null = null;

  /** Adds the next chunk and returns how many frames it completed. */
  add(chunk: Buffer): number {
    const known = this.frames;
    for (const box of this.#boxes.push(chunk)) {
      if (box.type === 'moov' && this.#before !== null) this.#initSection = parseInitSection(this.#before, box);
      if (box.type === 'mdat' && this.#before !== null && this.#initSection !== null) {
        this.frames += parseFragment(this.#before, box, this.#initSection.defaults).length;
      }
      this.#before = box;
    }
    return this.frames - known;
  }
}
