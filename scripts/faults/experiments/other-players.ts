import { findProgram } from '#kit/find-program.mjs';
import type { Fault } from '../fault.ts';
import { observation, type PlayerName, Scene } from '../scene.ts';
import { liveSource } from '../source.ts';

const BEFORE_SECONDS = 5;
const AFTER_KILL_SECONDS = 12;
const AWAY_SECONDS = 3;
const AFTER_RETURN_SECONDS = 15;
/** The publisher's absence, and what a restart takes. */
const MAX_STALL_SECONDS = AWAY_SECONDS + 3;

/** Players that are not built on Media Source Extensions see FFmpeg die and the publisher reconnect. */
function otherPlayer(name: Extract<PlayerName, 'ffmpeg' | 'mpv'>): Fault {
  return {
    name: `other-players/${name}`,
    expected: `${name} plays on through a kill of FFmpeg and through a reconnect of the publisher`,
    run: async (context) => {
      if (findProgram(name) === null) return { skipped: `${name} is not installed` };
      const scene = await Scene.open(context);
      const publisher = scene.publish(liveSource());
      const [player] = await scene.watchWith(name);
      await scene.pass(BEFORE_SECONDS);
      await scene.killFfmpeg();
      await scene.pass(AFTER_KILL_SECONDS);
      const afterKill = (await player?.report())?.longestStallSeconds ?? 0;
      await publisher.kill();
      await scene.pass(AWAY_SECONDS);
      scene.publish(liveSource());
      await scene.pass(AFTER_RETURN_SECONDS);
      return scene.outcome([
        observation(true, `${afterKill.toFixed(1)} s at the kill`),
        ...(await scene.stalls(MAX_STALL_SECONDS)),
      ]);
    },
  };
}

export const otherPlayers: readonly Fault[] = [otherPlayer('ffmpeg'), otherPlayer('mpv')];
