import { CLIP_SIZE } from '../clip-format.ts';
import { type Texture, textureFilters } from './natural-texture.ts';
import { ELLIPSE, grain, HOLD, SAME_COLOUR } from './scene-filters.ts';

const ROOM: Texture = {
  ...{ name: 'room', seed: 1, ...CLIP_SIZE, cells: [10, 160] },
  ...{ edgeLevels: 40, contrast: 1.6, colour: 30 },
};
const SKIN: Texture = {
  ...{ name: 'skin', seed: 91, width: 620, height: 800, cells: [20, 320] },
  ...{ edgeLevels: 0, contrast: 0.45, colour: 12 },
};
const CLOTH: Texture = {
  ...SKIN,
  name: 'cloth',
  seed: 17,
  width: 1500,
  height: 900,
  cells: [50, 800],
  contrast: 1.3,
  colour: 20,
};

/** Light comes from the left. */
const LIT = '0.6*lum(X,Y)+75-60*hypot((X-W*0.35)/W,(Y-H*0.4)/H)';
/** The head moves a little, and all that is on it moves along. */
const ON_HEAD = (x: number, y: number): string => `overlay=x='${x}+14*sin(1.7*t)':y='${y}+8*sin(2.9*t)':format=yuv444`;

/** A head that moves a little and speaks, and shoulders, before a blurred room that does not move. */
export function talkScene(): string {
  const dark = (name: string, size: string): string =>
    `[${name}]scale=${size},format=yuva444p,geq=lum='0.25*lum(X,Y)':cb=128:cr=145:${ELLIPSE},${HOLD}`;
  return [
    ...[ROOM, SKIN, CLOTH].map(textureFilters),
    `[room]gblur=sigma=14,eq=brightness=-0.05,${HOLD}[behind]`,
    `[cloth]format=yuva444p,geq=lum='max(16,0.6*lum(X,Y)+18*sin(X/3)*sin(Y/3))':cb='cb(X,Y)+16':cr='cr(X,Y)-8':${ELLIPSE},${HOLD}[body]`,
    '[skin]split=5[s1][s2][s3][s4][s5]',
    `[s1]format=yuva444p,geq=lum='${LIT}':cb='cb(X,Y)-14':cr='cr(X,Y)+18':${ELLIPSE},${HOLD},` +
      `rotate='0.04*sin(2*PI*t/3.1)':c=black@0[head]`,
    `${dark('s2', '170:64')},scale=w=170:h='2*trunc(20+12*sin(9*t)*sin(2.3*t))':eval=frame[mouth]`,
    `${dark('s3', '86:38')}[left]`,
    `${dark('s4', '86:38')}[right]`,
    `[s5]scale=660:420,format=yuva444p,geq=lum='max(16,0.35*lum(X,Y)+14*sin(X/2.5+Y/31))':${SAME_COLOUR}:${ELLIPSE},${HOLD}[hair]`,
    "[behind][body]overlay=x='210+6*sin(1.7*t)':y=760:format=yuv444[b0]",
    `[b0][hair]${ON_HEAD(620, 90)}[b1]`,
    `[b1][head]${ON_HEAD(640, 140)}[b2]`,
    `[b2][left]${ON_HEAD(790, 440)}[b3]`,
    `[b3][right]${ON_HEAD(1020, 440)}[b4]`,
    `[b4][mouth]${ON_HEAD(862, 720)},${grain(4)}`,
  ].join(';');
}
