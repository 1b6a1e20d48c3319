import { makeClip } from '#kit/clip.ts';
import { findEncodingTask } from '#kit/encoder-processes.ts';
import { ReturningPublisher } from '#kit/returning-publisher.ts';
import { startHeadend } from '#scripts/bench/systems/headend.ts';
import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';

const BEFORE_SECONDS = 5;
const WATCHED_SECONDS = 15;
const MAX_STALL_SECONDS = 3;
const CLIP = { width: 640, height: 360, videoKbps: 800, seconds: 8 } as const;

/** The encoder's process is asked to end, as a deployment does; there is another one. */
export const drain: Fault = {
  name: 'drain',
  expected: 'the publisher goes to another encoder; no playlist ends, nobody stalls for long',
  run: async (context) => {
    const platform = await startHeadend(context, 'low', { tasks: 2 });
    const scene = await Scene.open(context, { platform });
    const options = { clipPath: await makeClip(CLIP), rtmpUrl: scene.publishUrl, retryDelayMs: 1_000 };
    const publisher = new ReturningPublisher(options);
    context.defer(() => publisher.stop());
    await scene.watchWith('page', 'plain');
    await scene.pass(BEFORE_SECONDS);
    process.kill((await findEncodingTask(platform.platformPid)).pid, 'SIGTERM');
    await scene.pass(WATCHED_SECONDS);
    const { hasEndList } = scene.witness;
    return scene.outcome([
      observation(!hasEndList, hasEndList ? 'a playlist ended' : 'no playlist ended'),
      ...(await scene.stalls(MAX_STALL_SECONDS)),
    ]);
  },
};
