import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { LadderName } from '#domain/ladders.ts';
import { DEFAULT_LATENCY } from '#domain/latency-profiles.ts';
import { renditionNames } from '#encoder/media/media-run.ts';
import { SourceProbe } from '#encoder/media/source-probe.ts';
import { ffmpegArguments } from '#encoder/transcode/ffmpeg-arguments.ts';
import { planRenditions } from '#encoder/transcode/rendition-plan.ts';
import { parseFlvFile } from '#kit/flv-file.ts';
import type { BenchContext } from './bench-context.ts';
import { startProgram } from './program.ts';

/** Where a recipe's outputs begin. */
export const FIRST_OUTPUT_FD = 3;

/** FFmpeg's arguments: FLV on standard input, each output on a file descriptor of its own from 3 on. */
export interface Recipe {
  readonly args: readonly string[];
  readonly outputs: number;
}

/** What the encoder runs for a clip with a ladder and the default latency. */
export async function headendRecipe(clipPath: string, ladder: LadderName): Promise<Recipe> {
  const clip = parseFlvFile(await readFile(clipPath));
  const probe = new SourceProbe();
  for (const tag of [...clip.headers, ...clip.video.slice(0, 1), ...clip.audio.slice(0, 1)]) probe.add(tag);
  const source = probe.description();
  if (source === null) throw new Error('the headers of the clip do not describe it');
  const plan = planRenditions(source, ladder, DEFAULT_LATENCY);
  return { args: ffmpegArguments(plan, 0), outputs: renditionNames(plan).length };
}

/**
 * User and system time in seconds of one run over a clip, as fast as it goes. The shell's `times` tells it, as Node.js does not
 * for one child among others.
 */
export async function measureCpuSeconds(context: BenchContext, recipe: Recipe, clipPath: string): Promise<number> {
  const redirections = Array.from({ length: recipe.outputs }, (_, index) => `${FIRST_OUTPUT_FD + index}>/dev/null`);
  const script = `clip=$1; shift; ffmpeg "$@" <"$clip" ${redirections.join(' ')} && times`;
  const shell = startProgram(context, 'sh', ['-c', script, 'sh', clipPath, ...recipe.args], { cwd: '/' });
  let output = '';
  shell.process.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [exitCode] = await once(shell.process, 'close', { signal: context.signal });
  if (exitCode !== 0) shell.assertRunning();
  const [, childrenLine = ''] = output.trim().split('\n');
  const times = [...childrenLine.matchAll(/(\d+)m([\d.]+)s/g)];
  if (times.length !== 2) throw new Error(`unexpected output of times: ${output}`);
  return times.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}
