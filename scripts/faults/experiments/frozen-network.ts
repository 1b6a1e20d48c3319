import { startBreakableProxy } from '#kit/breakable-proxy.ts';
import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';
import { liveSource } from '../source.ts';

const FREEZE_SECONDS = 15;
const BEFORE_SECONDS = 6;
const AFTER_SECONDS = 20;
const MAX_STALL_SECONDS = FREEZE_SECONDS + 2;

interface FrozenOptions {
  readonly name: string;
  readonly kbps: number;
  /** Frames from keyframe to keyframe. */
  readonly keyframeInterval: number;
}

/** The publisher's network passes nothing on for a while, and then everything at once. */
function frozenNetwork({ name, kbps, keyframeInterval }: FrozenOptions): Fault {
  return {
    name: `frozen-network/${name}`,
    expected: `the publish goes on, no FFmpeg is killed, nobody stalls for more than ${MAX_STALL_SECONDS} s`,
    run: async (context) => {
      const scene = await Scene.open(context, { ladder: '1080p' });
      const relay = await startBreakableProxy(scene.publishUrl);
      context.defer(() => relay.close());
      const rate = ['-b:v', `${kbps}k`, '-minrate', `${kbps}k`, '-maxrate', `${kbps}k`, '-bufsize', `${kbps}k`];
      const constant = ['-x264-params', 'nal-hrd=cbr:filler=1', '-g', String(keyframeInterval), '-sc_threshold', '0'];
      const relayed = new URL(scene.publishUrl);
      relayed.port = new URL(relay.url).port;
      const publisher = scene.publish(liveSource({ video: [...rate, ...constant] }), relayed.href);
      await scene.watchWith('page', 'plain');
      await scene.pass(BEFORE_SECONDS);
      relay.blackHole();
      await scene.pass(FREEZE_SECONDS);
      await relay.mend();
      await scene.pass(AFTER_SECONDS);
      const isPublishing = publisher.isRunning();
      const { restarts } = scene.api;
      return scene.outcome([
        observation(isPublishing, isPublishing ? 'the publish went on' : 'the publisher was cut'),
        observation(restarts.length === 0, `${restarts.length} FFmpegs replaced`),
        ...(await scene.stalls(MAX_STALL_SECONDS)),
      ]);
    },
  };
}

export const frozenNetworks: readonly Fault[] = [
  frozenNetwork({ name: '6mbit', kbps: 6_000, keyframeInterval: 60 }),
  frozenNetwork({ name: '2mbit', kbps: 2_000, keyframeInterval: 60 }),
  frozenNetwork({ name: 'long-gop', kbps: 2_000, keyframeInterval: 250 }),
];
