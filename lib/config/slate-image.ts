import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { z } from 'zod';

/** It is part of the image of each task, and FFmpeg decodes it once for each stream. */
const MAX_BYTES = 2_000_000;
const SIGNATURES = [
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  Buffer.from([0xff, 0xd8, 0xff]),
] as const;

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
    const isKnown = SIGNATURES.some((signature) => head.subarray(0, signature.length).equals(signature));
    return isKnown ? null : `${path} is neither a PNG nor a JPEG`;
  } finally {
    closeSync(file);
  }
}
