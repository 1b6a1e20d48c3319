import { readFile } from 'node:fs/promises';
import { renderIframePlaylist } from '#encoder/package/iframe-playlist.ts';
import { renderMultivariantPlaylist } from '#encoder/package/multivariant-playlist.ts';
import {
  type EncodedRun,
  type EncodedRunOptions,
  encodeRun,
  FPS_30,
  feed,
  interleaved,
  toMediaRun,
  WALL_CLOCK_START_MS,
} from '#test/support/encoded-run.ts';
import { FollowedPackage } from './followed-package.ts';

const VIDEO = { frameRate: FPS_30, keyframeFrames: 60, bFrames: 0 };
const VIDEO_ONLY: Partial<EncodedRunOptions> = { audio: null };
const AUDIO_ONLY: Partial<EncodedRunOptions> = { video: null };

/** A package in which a run was written up to `seconds` and has not ended. */
function during(latency: 'ultra' | 'low' | 'standard', encoded: EncodedRun, seconds: number): FollowedPackage {
  const followed = new FollowedPackage(latency);
  const steps = interleaved(encoded);
  const share = seconds / encoded.options.seconds;
  feed(
    followed.beginRun(toMediaRun(encoded, 7)),
    steps.slice(0, encoded.tracks.size + Math.ceil(steps.length * share)),
  );
  return followed;
}

/** Two runs. In the first one, the last rendition stops after `lastSeconds`. */
function twoRuns(encoded: EncodedRun, lastSeconds: number): FollowedPackage {
  const followed = new FollowedPackage('low');
  const late = new Set(encoded.tracks.get('360p')?.frames.slice(lastSeconds * 30));
  const steps = interleaved(encoded);
  followed.addRun(
    toMediaRun(encoded, 7),
    steps.filter(({ chunk }) => !late.has(chunk)),
  );
  const wallClockMs = (mediaSeconds: number): number => WALL_CLOCK_START_MS + (20 + mediaSeconds) * 1000;
  feed(followed.beginRun(toMediaRun(encoded, 8, { wallClockMs })), steps.slice(0, steps.length * 0.45));
  return followed;
}

/** Ten segments of one second, which is more than the skip boundary of six. */
async function steadyState(): Promise<FollowedPackage> {
  const video = { ...VIDEO, keyframeFrames: 30 };
  return during('ultra', await encodeRun({ seconds: 10, video }), 9.9);
}

test.each<[string, () => Promise<string>]>([
  ['start', async () => during('low', await encodeRun(), 0.55).playlist('480p')],
  ['steady-state', async () => (await steadyState()).playlist('480p')],
  ['delta-update', async () => (await steadyState()).playlist('480p', true)],
  ['audio-with-video', async () => during('low', await encodeRun(), 4.8).playlist('audio')],
  ['discontinuity', async () => twoRuns(await encodeRun(VIDEO_ONLY), 5).playlist('360p')],
  ['gap', async () => twoRuns(await encodeRun(VIDEO_ONLY), 1).playlist('360p')],
  ['iframes-gap', async () => iframes(twoRuns(await encodeRun(VIDEO_ONLY), 1), '360p')],
  ['iframes-end', async () => iframes(ended(during('low', await encodeRun(VIDEO_ONLY), 5)), '480p')],
  ['end', async () => ended(during('low', await encodeRun(VIDEO_ONLY), 5)).playlist('480p')],
  ['standard', async () => during('standard', await encodeRun({ seconds: 10 }), 9).playlist('480p')],
  ['audio-only', async () => during('low', await encodeRun(AUDIO_ONLY), 5).playlist('audio')],
  ['multivariant', async () => multivariant(during('low', await encodeRun(), 2.2))],
  ['multivariant-video-only', async () => multivariant(during('low', await encodeRun(VIDEO_ONLY), 2.2))],
  ['multivariant-audio-only', async () => multivariant(during('low', await encodeRun(AUDIO_ONLY), 2.2))],
])('%s', async (name, render) => {
  expect(await render()).toBe(await readFile(new URL(`golden/${name}.m3u8`, import.meta.url), 'utf8'));
});

function ended(followed: FollowedPackage): FollowedPackage {
  followed.end();
  expect(followed.violations).toEqual([]);
  return followed;
}

function iframes({ stream }: FollowedPackage, rendition: string): string {
  const timeline = stream.renditions.get(rendition);
  return timeline === undefined ? '' : renderIframePlaylist(stream, timeline);
}

function multivariant(followed: FollowedPackage): string {
  return renderMultivariantPlaylist(followed.stream) ?? '';
}
