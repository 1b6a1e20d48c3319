import type { spawn } from 'node:child_process';
import { ENHANCED_CODECS, type EnhancedFourCc } from '#encoder/media/enhanced-codecs.ts';
import { listedNames, readFfmpegList } from './ffmpeg-lists.ts';

/** Asks the installed FFmpeg which codecs of Enhanced RTMP it can decode. Rejects if FFmpeg is not installed. */
export async function readEnhancedCodecs(spawnProcess: typeof spawn): Promise<ReadonlySet<EnhancedFourCc>> {
  return parseEnhancedCodecs(await readFfmpegList(spawnProcess, '-decoders'));
}

/** Does the same with FFmpeg's list of decoders. */
export function parseEnhancedCodecs(decoderList: string): ReadonlySet<EnhancedFourCc> {
  const decoders = listedNames(decoderList);
  const decodable = ENHANCED_CODECS.filter((codec) => codec.decoders.some((name) => decoders.has(name)));
  return new Set(decodable.map(({ fourCc }) => fourCc));
}
