import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface SoundAndPictureOptions {
  /** Folder of the stream's playlists, without a trailing slash. */
  readonly liveUrl: string;
  /** A video rendition. */
  readonly rendition: string;
  /** Where media is kept meanwhile. */
  readonly folder: string;
}

/**
 * Seconds from each flash in the lower left corner to the beep that is nearest to it, in all segments that the playlists list
 * now: `makeClip` has both at the same time, once a second.
 */
export async function beepOffsets({ liveUrl, rendition, folder }: SoundAndPictureOptions): Promise<readonly number[]> {
  const picture = join(folder, 'picture.mp4');
  const sound = join(folder, 'sound.mp4');
  await Promise.all([download(`${liveUrl}/${rendition}`, picture), download(`${liveUrl}/audio`, sound)]);
  const corner = 'crop=iw/8:ih/4:0:ih*3/4,blackdetect=d=0.3:pix_th=0.5';
  const flashes = await detect(picture, ['-vf', corner], /black_end:([\d.]+)/g);
  const beeps = await detect(sound, ['-af', 'silencedetect=noise=-30dB:d=0.3'], /silence_end: ([\d.]+)/g);
  // The last flash that blackdetect reports may be the end of the file.
  return flashes.slice(0, -1).map((flash) => nearest(beeps, flash) - flash);
}

/** Writes the init section and all whole segments of a rendition to one file. */
async function download(folderUrl: string, path: string): Promise<void> {
  const playlist = await (await fetch(`${folderUrl}/media.m3u8`)).text();
  const init = /#EXT-X-MAP:URI="([^"]+)"/.exec(playlist)?.[1];
  const segments = [...playlist.matchAll(/#EXTINF:.*\n(.+)/g)].map((match) => match[1]);
  const files = [init, ...segments].map(async (name) => {
    const response = await fetch(`${folderUrl}/${name}`);
    return Buffer.from(await response.arrayBuffer());
  });
  await writeFile(path, Buffer.concat(await Promise.all(files)));
}

/** Moments that an FFmpeg detector finds in a file, in seconds on the media timeline. */
async function detect(path: string, filter: readonly string[], moment: RegExp): Promise<number[]> {
  // It gets only the CPU that the platform leaves, as on a machine of its own.
  const args = ['-n', '19', 'ffmpeg', '-hide_banner', '-nostdin', '-copyts', '-i', path, ...filter, '-f', 'null', '-'];
  const { stderr } = await promisify(execFile)('nice', args);
  return [...stderr.matchAll(moment)].map((match) => Number(match[1]));
}

function nearest(moments: readonly number[], to: number): number {
  return moments.reduce(
    (best, moment) => (Math.abs(moment - to) < Math.abs(best - to) ? moment : best),
    Number.POSITIVE_INFINITY,
  );
}
