import { AUDIO_TAG } from '#encoder/media/flv-tag.ts';
import { makeClip } from '#kit/clip.ts';
import { startPublisher } from '#kit/publisher.ts';
import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';

const HEALTHY_SECONDS = 12;
const AWAY_SECONDS = 4;
const CLIP = { width: 320, height: 180, seconds: 8, videoKbps: 300 } as const;
const STAMPED_ZERO_AT_MS = 6_000;

/** Nothing is wrong. */
const healthy: Fault = {
  name: 'true-warnings/healthy',
  expected: 'no warning',
  run: async (context) => {
    const scene = await Scene.open(context);
    const publisher = await startPublisher({ clipPath: await makeClip(CLIP), rtmpUrl: scene.publishUrl });
    context.defer(() => publisher.kill());
    await scene.watchWith();
    await scene.pass(HEALTHY_SECONDS);
    const { warnings } = scene.api;
    return scene.outcome([observation(warnings.length === 0, `${warnings.length} warnings`)]);
  },
};

/** The publisher stops properly, which ends with an end-of-stream tag, and comes back. */
const reconnect: Fault = {
  name: 'true-warnings/reconnect',
  expected: 'no restart for the end-of-stream tag, and not `idle` while viewers can play the stream',
  run: async (context) => {
    const scene = await Scene.open(context);
    const options = { clipPath: await makeClip(CLIP), rtmpUrl: scene.publishUrl };
    const first = await startPublisher(options);
    context.defer(() => first.kill());
    await scene.watchWith();
    await scene.happens('the status live', 10, () => scene.api.statuses.includes('live'));
    await scene.pass(2);
    await first.stop();
    await scene.pass(AWAY_SECONDS);
    const statusAway = scene.api.statuses.at(-1) ?? 'none';
    const second = await startPublisher(options);
    context.defer(() => second.kill());
    await scene.pass(HEALTHY_SECONDS / 2);
    const { restarts } = scene.api;
    return scene.outcome([
      observation(restarts.length === 0, `${restarts.length} restarts`),
      observation(statusAway !== 'idle', `the status while the publisher was away: ${statusAway}`),
    ]);
  },
};

/** One tag in the middle has the timestamp 0. */
const zeroStamp: Fault = {
  name: 'true-warnings/zero-stamp',
  expected: 'no restart for a single tag that is stamped 0',
  run: async (context) => {
    const scene = await Scene.open(context);
    let isDone = false;
    await scene.publishTags({
      change: (sent) => {
        if (isDone || sent.tag.type !== AUDIO_TAG || sent.dueMs < STAMPED_ZERO_AT_MS) return [sent];
        isDone = true;
        return [{ ...sent, tag: { ...sent.tag, timestampMs: 0 } }];
      },
    });
    await scene.watchWith('plain');
    await scene.pass(HEALTHY_SECONDS);
    const { restarts } = scene.api;
    return scene.outcome([
      observation(restarts.length === 0, `${restarts.length} restarts`),
      ...(await scene.stalls(2)),
    ]);
  },
};

export const trueWarnings: readonly Fault[] = [healthy, reconnect, zeroStamp];
