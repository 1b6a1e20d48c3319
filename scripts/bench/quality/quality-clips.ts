import { cachedClip } from '#kit/clip-cache.ts';
import { CLIP_FRAMES } from './clip-format.ts';
import { landscapeScene } from './scenes/landscape-scene.ts';
import { sportsScene } from './scenes/sports-scene.ts';
import { talkScene } from './scenes/talk-scene.ts';

/** Filter graphs that draw the clips. Their output is `[v]`. */
const SCENES = { landscape: landscapeScene, talk: talkScene, sports: sportsScene } as const;

export type QualityClipName = keyof typeof SCENES;
export const QUALITY_CLIP_NAMES = Object.keys(SCENES) as QualityClipName[];

/** Makes a clip and resolves to its path. All are drawn by FFmpeg, so nobody has to bring any. */
export async function makeQualityClip(name: QualityClipName): Promise<string> {
  const drawn = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-filter_complex', SCENES[name](), '-map', '[v]'];
  // Far better than any rung, but a tenth of what no loss at all would take on the disk.
  const encoded = ['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '10'];
  return await cachedClip([...drawn, '-frames:v', `${CLIP_FRAMES}`, ...encoded], 'mkv');
}
