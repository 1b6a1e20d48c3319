import type { Figures } from '../bench-context.ts';
import type { QualityClipName } from './quality-clips.ts';

/** One clip, encoded in one way. */
export interface EncodedClip {
  readonly clip: QualityClipName;
  readonly ssim: number;
  readonly kbps: number;
  readonly cpuSeconds: number;
}

/** Compares clips that are encoded in one way with the same clips as the usual recipe encodes them. */
export function qualityFigures(clips: readonly EncodedClip[], usual: readonly EncodedClip[]): Figures {
  const losses = clips.map(({ clip, ssim }) => {
    const compared = usual.find((one) => one.clip === clip);
    if (compared === undefined) throw new Error(`nothing to compare ${clip} with`);
    return compared.ssim - ssim;
  });
  const cpuSeconds = sumOf(clips, 'cpuSeconds');
  return {
    // As text, because a number would have three digits.
    ...Object.fromEntries(clips.map(({ clip, ssim }) => [`${clip}Ssim`, ssim.toFixed(4)])),
    ssimLoss: Number(Math.max(...losses).toFixed(4)),
    kbps: sumOf(clips, 'kbps') / clips.length,
    cpuSeconds,
    cpuRatio: cpuSeconds / sumOf(usual, 'cpuSeconds'),
  };
}

function sumOf(clips: readonly EncodedClip[], figure: 'kbps' | 'cpuSeconds'): number {
  return clips.reduce((sum, one) => sum + one[figure], 0);
}

/** The figures in the statistics of FFmpeg's filter `ssim`, which have a line for each frame. */
export function ssimOfFrames(statistics: string): number[] {
  return [...statistics.matchAll(/^n:\d+ .*\bAll:([\d.]+)/gm)].map(([, ssim]) => Number(ssim));
}
