import { setTimeout as sleep } from 'node:timers/promises';
import { LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import { BYTES_PER_MEGABYTE, readProcess } from '#kit/process-usage.ts';
import type { BenchContext, Benchmark, Figures } from './bench-context.ts';
import { prepareLiveStream } from './live-stream.ts';

const SAMPLE_MS = 1_000;
/** Memory grows until the window of listed media, another one for late players, and the current segment are full. */
const FILLED_SECONDS = 2 * LATENCY_PROFILES.low.windowSeconds + LATENCY_PROFILES.low.segmentSeconds;

/**
 * Resident memory of the encoder process: without a stream, and with one until its window is full and `seconds` after
 * that.
 */
export const memory: Benchmark = {
  name: 'memory',
  targets: { growthMegabytes: { atMost: 60 } },
  run: async (context: BenchContext): Promise<Figures> => {
    const { running, publish } = await prepareLiveStream(context);
    const idleMegabytes = await residentMegabytes(running.encoderPid);
    await publish();
    const samples: number[] = [];
    for (let second = 0; second < FILLED_SECONDS + context.seconds; second++) {
      await sleep(SAMPLE_MS, undefined, { signal: context.signal });
      samples.push(await residentMegabytes(running.encoderPid));
    }
    const maxMegabytes = Math.max(...samples);
    return {
      idleMegabytes,
      filledMegabytes: samples[FILLED_SECONDS] ?? null,
      endMegabytes: samples.at(-1) ?? null,
      maxMegabytes,
      growthMegabytes: maxMegabytes - idleMegabytes,
    };
  },
};

async function residentMegabytes(pid: number): Promise<number> {
  const usage = await readProcess(pid);
  if (usage === null) throw new Error(`the encoder process ${pid} is gone`);
  return usage.residentBytes / BYTES_PER_MEGABYTE;
}
