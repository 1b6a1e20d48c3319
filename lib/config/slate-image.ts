import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { z } from 'zod';
import { slateImageTypeOf } from '#domain/slate-images.ts';

/** It is part of the image of each task, and FFmpeg decodes it once for each stream. */
const MAX_BYTES = 2_000_000;

/** The path of a picture that can be a slate. Reads the file. */
export const slateImageSchema = z.string().check((context) => {
  const problem = slateImageProblem(context.value);
  if (problem !== null) context.issues.push({ code: 'custom', message: problem, input: context.value });
});

/** Why a file can't be a slate; null if it can. */
export function slateImageProblem(path: string): string | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return `${path} can't be read`;
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) return `${path} is no file`;
    if (stats.size > MAX_BYTES) return `${path} has ${(stats.size / 1e6).toFixed(1)} MB; 2 MB are allowed`;
    const head = Buffer.alloc(8);
    readSync(file, head, 0, head.length, 0);
    return slateImageTypeOf(head) === null ? `${path} is neither a PNG nor a JPEG` : null;
  } finally {
    closeSync(file);
  }
}
