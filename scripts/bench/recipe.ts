import { readFile } from 'node:fs/promises';
import type { LadderName } from '#domain/ladders.ts';
import { DEFAULT_LATENCY } from '#domain/latency-profiles.ts';
import { SourceProbe } from '#encoder/media/source-probe.ts';
import { ffmpegArguments, outputNames } from '#encoder/transcode/ffmpeg-arguments.ts';
import { FIRST_OUTPUT_FD } from '#encoder/transcode/ffmpeg-process.ts';
import { planRenditions } from '#encoder/transcode/rendition-plan.ts';
import { parseFlvFile } from '#kit/flv-file.ts';
import type { BenchContext } from './bench-context.ts';
import { runProgram } from './program.ts';

/** FFmpeg's arguments. The input is FLV on standard input. Each output has its own file descriptor, from 3 on. */
export interface Recipe {
  readonly args: readonly string[];
  readonly outputs: number;
}

/** The recipe of the encoder for a clip, with a ladder and the default latency. */
export async function headendRecipe(clipPath: string, ladder: LadderName): Promise<Recipe> {
  const clip = parseFlvFile(await readFile(clipPath));
  const probe = new SourceProbe();
  for (const tag of [...clip.headers, ...clip.video.slice(0, 1), ...clip.audio.slice(0, 1)]) probe.add(tag);
  const source = probe.description();
  if (source === null) throw new Error('the headers of the clip do not describe it');
  const plan = planRenditions(source, ladder, DEFAULT_LATENCY);
  return { args: ffmpegArguments(plan, 0), outputs: outputNames(plan).length };
}

const DECODE = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-threads', '1', '-f', 'flv', '-i', 'pipe:0'];
const DISCARD = ['-map', '0:v', '-f', 'null', '-'];

/** Decoding of the picture alone, in one thread as the encoder decodes. */
export const decodeRecipe: Recipe = { args: [...DECODE, ...DISCARD], outputs: 0 };

/** Decoding, and scaling to another size as the encoder scales. */
export function scaleRecipe({ width, height }: { readonly width: number; readonly height: number }): Recipe {
  return { args: ['-filter_threads', '1', ...DECODE, '-vf', `scale=${width}:${height}`, ...DISCARD], outputs: 0 };
}

/**
 * Measures the user and system time of one run over a clip at full speed, in seconds. Uses the shell's `times`, because
 * Node.js does not report the time of a single child process. A recipe's only output can be kept.
 */
export async function measureCpuSeconds(
  context: BenchContext,
  recipe: Recipe,
  clipPath: string,
  outputPath = '/dev/null',
): Promise<number> {
  const redirections = Array.from({ length: recipe.outputs }, (_, index) => `${FIRST_OUTPUT_FD + index}>"$output"`);
  const script = `clip=$1; output=$2; shift 2; ffmpeg "$@" <"$clip" ${redirections.join(' ')} && times`;
  const args = ['-c', script, 'sh', clipPath, outputPath, ...recipe.args];
  const output = await runProgram(context, 'sh', args, { cwd: '/' });
  const [, childrenLine = ''] = output.trim().split('\n');
  const times = [...childrenLine.matchAll(/(\d+)m([\d.]+)s/g)];
  if (times.length !== 2) throw new Error(`unexpected output of times: ${output}`);
  return times.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}
