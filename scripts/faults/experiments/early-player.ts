import { execFile } from 'node:child_process';
import type { LatencyName } from '#domain/latency-profiles.ts';
import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';
import { liveSource } from '../source.ts';

const PLAYED_SECONDS = 4;
const LIMIT_MS = 60_000;

/** A player opens the multivariant playlist the moment it is there. */
function earlyPlayer(latency: LatencyName): Fault {
  return {
    name: `early-player/${latency}`,
    expected: 'ffmpeg opens and plays the stream as soon as the multivariant playlist is there',
    run: async (context) => {
      const scene = await Scene.open(context, { latency });
      scene.publish(liveSource());
      await scene.happens('a multivariant playlist', 60, async () => (await scene.master()) !== null);
      const complaints = await play(scene.masterUrl, context.signal);
      return scene.outcome([observation(complaints === null, complaints ?? `ffmpeg played ${PLAYED_SECONDS} s`)]);
    },
  };
}

export const earlyPlayers: readonly Fault[] = (['low', 'ultra', 'standard'] as const).map(earlyPlayer);

/** Resolves to what FFmpeg complained of. Null if it played. */
function play(masterUrl: string, signal: AbortSignal): Promise<string | null> {
  const quiet = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-xerror'];
  const args = [...quiet, '-i', masterUrl, '-t', String(PLAYED_SECONDS), '-f', 'null', '-'];
  return new Promise((resolve) => {
    execFile('ffmpeg', args, { signal, timeout: LIMIT_MS, killSignal: 'SIGKILL' }, (error, _stdout, stderr) => {
      resolve(error === null ? null : stderr.trim().split('\n')[0] || error.message);
    });
  });
}
