import { CLIP_FRAME_RATE, CLIP_FRAMES, CLIP_SIZE } from '../clip-format.ts';
import type { Texture } from './natural-texture.ts';

/** What zoompan makes of a still picture. */
export const VIEW = `d=${CLIP_FRAMES}:s=${CLIP_SIZE.width}x${CLIP_SIZE.height}:fps=${CLIP_FRAME_RATE}`;

/** Repeats a still picture for the whole clip. */
export const HOLD = `loop=loop=${CLIP_FRAMES - 1}:size=1`;

/** An alpha channel that leaves an ellipse. */
export const ELLIPSE = "a='255*clip((1-hypot((X-W/2)/(W*0.47),(Y-H/2)/(H*0.47)))*20,0,1)'";

/** Leaves colour as it is, where `geq` changes brightness. */
export const SAME_COLOUR = "cb='cb(X,Y)':cr='cr(X,Y)'";

/** What a camera's sensor adds to each frame. It ends each scene. */
export const grain = (strength: number): string => `format=yuv420p,noise=c0s=${strength}:c1s=2:c2s=2:allf=t[v]`;

export const GROUND: Texture = {
  ...{ name: 'ground', seed: 57, width: 4800, height: 2700, cells: [80, 1280] },
  ...{ edgeLevels: 0, contrast: 1.2, colour: 24 },
};
