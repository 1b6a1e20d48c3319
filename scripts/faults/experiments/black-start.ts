import { audioKbps, ladderRungs } from '#domain/ladders.ts';
import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';
import { liveSource } from '../source.ts';

const LADDER = '480p';
const BLACK_SECONDS = 30;
const WATCHED_SECONDS = 60;
/** More than the lower rung takes, and less than the upper one. */
const VIEWER_KBPS = 1_200;
const MAX_STALL_SECONDS = 2;

/** A still, black picture first: what it takes says nothing about what is to come. */
export const blackStart: Fault = {
  name: 'black-start',
  expected: `BANDWIDTH is never below the peak and the sound, and a player at ${VIEWER_KBPS} kbit/s does not stall`,
  run: async (context) => {
    const scene = await Scene.open(context, { ladder: LADDER });
    const black = `drawbox=c=black:t=fill:enable='lt(t,${BLACK_SECONDS})',noise=alls=30:allf=t:enable='gte(t,${BLACK_SECONDS})'`;
    const video = ['-g', '60', '-b:v', '2500k', '-maxrate', '2500k', '-bufsize', '2500k'];
    scene.publish(liveSource({ width: 854, height: 480, videoFilter: black, video }));
    await scene.watchWith('page', { player: 'plain', kbps: VIEWER_KBPS });
    const lowest = new Map<string, number>();
    for (let second = 0; second < WATCHED_SECONDS; second++) {
      for (const [name, bits] of bandwidths((await scene.master()) ?? '')) {
        lowest.set(name, Math.min(bits, lowest.get(name) ?? bits));
      }
      await scene.pass(1);
    }
    const observations = ladderRungs(LADDER).map(({ name, videoKbps }) => {
      const least = (videoKbps + audioKbps(LADDER)) * 1000;
      const found = lowest.get(name) ?? 0;
      return observation(found >= least, `BANDWIDTH of ${name} from ${found} on, ${least} is needed`);
    });
    return scene.outcome([...observations, ...(await scene.stalls(MAX_STALL_SECONDS))]);
  },
};

/** BANDWIDTH of each rung in a multivariant playlist. */
function bandwidths(master: string): [string, number][] {
  const variants = master.matchAll(/^#EXT-X-STREAM-INF:.*?\bBANDWIDTH=(\d+).*\n([^/\n]+)\//gm);
  return [...variants].map(([, bits, name = '']) => [name, Number(bits)]);
}
