import { findProgram } from '#kit/find-program.mjs';
import { discontinuities } from '../discontinuities.ts';
import type { Fault } from '../fault.ts';
import { PROGRAM_PLAYERS, type ProgramPlayerName } from '../program-players.ts';
import { observation, Scene } from '../scene.ts';
import { liveSource } from '../source.ts';

const BEFORE_SECONDS = 5;
const AFTER_KILL_SECONDS = 12;
const AWAY_SECONDS = 3;
const AFTER_RETURN_SECONDS = 15;
/** The publisher's absence, and what a restart takes. */
const MAX_STALL_SECONDS = AWAY_SECONDS + 3;

/** Players that are not built on Media Source Extensions see FFmpeg die and the publisher reconnect. */
function otherPlayer(name: ProgramPlayerName): Fault {
  return {
    name: `other-players/${name}`,
    expected: `${name} plays on through a kill of FFmpeg and through a reconnect of the publisher`,
    run: async (context) => {
      const program = PROGRAM_PLAYERS[name];
      if (findProgram(program) === null) return { skipped: `${program} is not installed` };
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
      const hasEnded = (await player?.report())?.hasEnded ?? true;
      return scene.outcome([
        observation(!hasEnded, `${afterKill.toFixed(1)} s at the kill${hasEnded ? ', and then it ended' : ''}`),
        await discontinuities(`${scene.liveUrl}/360p`),
        ...(await scene.stalls(MAX_STALL_SECONDS)),
      ]);
    },
  };
}

export const otherPlayers: readonly Fault[] = [
  otherPlayer('ffmpeg'),
  otherPlayer('mpv'),
  otherPlayer('gstreamer'),
  otherPlayer('vlc'),
];
