import type { spawn } from 'node:child_process';
import { VIDEO_CODECS, type VideoCodec } from '#domain/video-codecs.ts';
import { listedNames, readFfmpegList } from './ffmpeg-lists.ts';
import { ENCODERS } from './video-encoders.ts';

/** Asks the installed FFmpeg which codecs of ladders it can't encode. Rejects if FFmpeg is not installed. */
export async function readMissingCodecs(spawnProcess: typeof spawn): Promise<ReadonlySet<VideoCodec>> {
  return parseMissingCodecs(await readFfmpegList(spawnProcess, '-encoders'));
}

/** Does the same with FFmpeg's list of encoders. */
export function parseMissingCodecs(encoderList: string): ReadonlySet<VideoCodec> {
  const encoders = listedNames(encoderList);
  return new Set(VIDEO_CODECS.filter((codec) => !encoders.has(ENCODERS[codec].name)));
}
