import type { LatencyName } from '#domain/latency-profiles.ts';
import { epochOf } from '#kit/epochs.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';
import { liveSource } from '../source.ts';

const BEFORE_SECONDS = 6;
const ENDED_WITHIN_SECONDS = 15;
/** Sound that outlasts the picture repeats in the next run, or keeps hls.js from an end. An AAC frame is 21 ms. */
const MAX_LONGER_SECONDS = 0.03;
/** Sound that the publisher had not sent when it was cut can't be there. */
const MAX_SHORTER_SECONDS = 0.15;

/** Somebody stops the stream. */
function endTogether(latency: LatencyName): Fault {
  return {
    name: `end-together/${latency}`,
    expected: 'sound and picture end together, also where FFmpeg was killed; hls.js fires `ended`',
    run: async (context) => {
      const scene = await Scene.open(context, { latency });
      scene.publish(liveSource());
      const [player] = await scene.watchWith('plain');
      await scene.pass(BEFORE_SECONDS);
      await scene.killFfmpeg();
      await scene.pass(BEFORE_SECONDS);
      await scene.stop();
      await scene.happens('EXT-X-ENDLIST', ENDED_WITHIN_SECONDS, () => scene.witness.hasEndList);
      const [video, audio] = await Promise.all([runLengths(scene, '360p'), runLengths(scene, 'audio')]);
      const differences = video.map((seconds, run) => (audio[run] ?? 0) - seconds);
      const hasEnded = async () => (await player?.report())?.hasEnded ?? false;
      const isEnded = await scene.happens('the end', ENDED_WITHIN_SECONDS, hasEnded);
      const together = differences.every((seconds) => seconds <= MAX_LONGER_SECONDS && seconds >= -MAX_SHORTER_SECONDS);
      const texts = differences.map((seconds) => `${Math.round(seconds * 1000)} ms`).join(', ');
      return scene.outcome([
        observation(together, `sound is longer by ${texts}`),
        observation(isEnded, isEnded ? 'hls.js fired `ended`' : 'hls.js did not fire `ended`'),
      ]);
    },
  };
}

export const endsTogether: readonly Fault[] = (['low', 'ultra'] as const).map(endTogether);

/** Seconds that each run has in a playlist. */
async function runLengths(scene: Scene, rendition: string): Promise<number[]> {
  const text = await (await fetch(`${scene.liveUrl}/${rendition}/media.m3u8`)).text();
  const lengths: number[] = [];
  let epochBefore: string | null = null;
  for (const segment of parseMediaPlaylist(text).segments) {
    const epoch = epochOf(segment);
    if (epoch !== epochBefore) lengths.push(0);
    epochBefore = epoch;
    lengths.push((lengths.pop() ?? 0) + (segment.durationSeconds ?? 0));
  }
  return lengths;
}
