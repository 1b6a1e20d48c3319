import { setTimeout as sleep } from 'node:timers/promises';
import { makeClip } from '#kit/clip.ts';
import { startPublisher } from '#kit/publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import type { BenchContext, Benchmark, Figures } from './bench-context.ts';
import { percentile } from './latency-summary.ts';
import { type RunningHeadend, startHeadend } from './systems/headend.ts';

const TRIES = 5;
/** Heartbeats are a second apart. Each try comes at a different time between two of them. */
const STEP_MS = 200;
const TIMEOUT_SECONDS = 30;
const CLIP = { width: 320, height: 180, seconds: 8, videoKbps: 300 };

/** The time from a request to stop a stream, or to rotate its key, to the end of its publisher. */
export const controlLatency: Benchmark = {
  name: 'control-latency',
  targets: { stopMaxMs: { atMost: 2_000 }, rotateMaxMs: { atMost: 2_000 } },
  run: async (context: BenchContext): Promise<Figures> => {
    const running = await startHeadend(context, 'low');
    const { api, streamId } = running;
    const stopMs: number[] = [];
    const rotateMs: number[] = [];
    let { publishUrl } = running;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const pauseMs = attempt * STEP_MS;
      const stop = () => api.stopStream(streamId);
      stopMs.push(await measureCut(context, running, { publishUrl, pauseMs }, stop));
      const rotate = async () => {
        publishUrl = `${running.rtmpUrl}/${(await api.rotateKey(streamId)).streamKey}`;
      };
      rotateMs.push(await measureCut(context, running, { publishUrl, pauseMs }, rotate));
    }
    return {
      stopP50Ms: percentile(stopMs, 50),
      stopMaxMs: percentile(stopMs, 100),
      rotateP50Ms: percentile(rotateMs, 50),
      rotateMaxMs: percentile(rotateMs, 100),
    };
  },
};

/** Goes live, and resolves to the milliseconds from the request to the end of the publisher. */
async function measureCut(
  context: BenchContext,
  { api, streamId }: RunningHeadend,
  { publishUrl, pauseMs }: { readonly publishUrl: string; readonly pauseMs: number },
  request: () => Promise<unknown>,
): Promise<number> {
  const publisher = await startPublisher({ clipPath: await makeClip(CLIP), rtmpUrl: publishUrl });
  context.defer(() => publisher.kill());
  const isConnected = async (): Promise<boolean> => (await api.getStream(streamId)).publisher.state === 'connected';
  await waitFor('the publisher', isConnected, { signal: context.signal, timeoutMs: TIMEOUT_SECONDS * 1000 });
  await sleep(pauseMs, undefined, { signal: context.signal });
  const requestedAtMs = performance.now();
  const cut = publisher.exited.then(() => performance.now() - requestedAtMs);
  await request();
  return Promise.race([cut, failAfter(TIMEOUT_SECONDS, context.signal)]);
}

async function failAfter(seconds: number, signal: AbortSignal): Promise<never> {
  await sleep(seconds * 1000, undefined, { signal, ref: false });
  throw new Error(`the publisher was not cut within ${seconds} s`);
}
