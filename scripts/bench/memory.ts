import { setTimeout as sleep } from 'node:timers/promises';
import { LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import { readProcess } from '#kit/process-usage.ts';
import type { BenchContext, Benchmark, Figures } from './bench-context.ts';
import { prepareLiveStream } from './live-stream.ts';

const SAMPLE_MS = 1_000;
const BYTES_PER_MEGABYTE = 1_000_000;
/** Memory grows until all is there that is kept: what is listed, as much again for who is behind, and the segment being made. */
const FILLED_SECONDS = 2 * LATENCY_PROFILES.low.windowSeconds + LATENCY_PROFILES.low.segmentSeconds;

/** Resident memory of the encoder process, before a stream and while one is live until memory is full and then `seconds`. */
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
