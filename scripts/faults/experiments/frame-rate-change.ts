import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';
import { liveSource } from '../source.ts';

const BEFORE_SECONDS = 6;
const WATCHED_SECONDS = 12;
const AWAY_SECONDS = 2;
const MAX_STALL_SECONDS = AWAY_SECONDS + 4;

/** The publisher comes back with another frame rate. */
function frameRateChange(from: number, to: number): Fault {
  return {
    name: `frame-rate-change/${from}-${to}`,
    expected: 'PART-TARGET is constant in a playlist, and viewers see the new picture',
    run: async (context) => {
      const scene = await Scene.open(context);
      const publisher = scene.publish(liveSource({ frameRate: from }));
      await scene.watchWith('page', 'plain');
      await scene.pass(BEFORE_SECONDS);
      await publisher.kill();
      await scene.pass(AWAY_SECONDS);
      scene.publish(liveSource({ frameRate: to }));
      await scene.pass(WATCHED_SECONDS);
      const targets = [...partTargets(scene)].map(([playlist, values]) => `${playlist}: ${[...values].join(' to ')} s`);
      const isConstant = [...partTargets(scene).values()].every((values) => values.size === 1);
      return scene.outcome([
        observation(isConstant, `PART-TARGET of ${targets.join(', ')}`),
        ...(await scene.stalls(MAX_STALL_SECONDS)),
      ]);
    },
  };
}

/** Up and down, by a rate that parts of 30 frames a second do not divide. */
export const frameRateChanges: readonly Fault[] = [frameRateChange(30, 25), frameRateChange(25, 60)];

/** The PART-TARGETs of each media playlist. */
function partTargets(scene: Scene): Map<string, Set<number>> {
  const targets = new Map<string, Set<number>>();
  for (const { playlist, text } of scene.mediaPlaylists) {
    const { partTargetSeconds } = parseMediaPlaylist(text);
    if (partTargetSeconds !== null) targets.set(playlist, (targets.get(playlist) ?? new Set()).add(partTargetSeconds));
  }
  return targets;
}
