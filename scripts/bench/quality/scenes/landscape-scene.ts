import { CLIP_SIZE } from '../clip-format.ts';
import { type Texture, textureFilters } from './natural-texture.ts';
import { GROUND, grain, HOLD, VIEW } from './scene-filters.ts';

const SHORE_HEIGHT = 620;
const WATER_HEIGHT = CLIP_SIZE.height - SHORE_HEIGHT;

const MOUNTAINS: Texture = {
  ...{ name: 'mountains', seed: 1, width: 3840, height: 2160, cells: [10, 1280] },
  ...{ edgeLevels: 40, contrast: 1.6, colour: 30 },
};
const WOOD: Texture = { ...GROUND, name: 'wood', width: 3000, height: 400, cells: [100, 1600], contrast: 1.5 };
const WAVES: Texture = {
  ...{ name: 'waves', seed: 23, width: 800, height: 800, cells: [16, 256] },
  ...{ edgeLevels: 0, contrast: 1.6, colour: 0 },
};

/** Where the sky ends in the picture of the mountains, and the air in that of the wood. */
const RIDGE = '(620+150*sin(X/510)+70*sin(X/190+1)+26*sin(X/61+2)+9*sin(X/19)+4*sin(X/7))';
const TREETOPS = '(130+50*sin(X/310+2)+16*sin(X/37)+10*abs(sin(X/11))+8*sin(X/4.3))';

/** A camera that moves along a lake: mountains far away, a wood before them, and the moving water that mirrors both. */
export function landscapeScene(): string {
  const sky = { lum: '(205-0.05*Y+0.12*(lum(X,Y)-128))', cb: '143', cr: '116' };
  const rock = { lum: '(0.6*lum(X,Y)+40)', cb: '(0.6*cb(X,Y)+52)', cr: '(0.6*cr(X,Y)+50)' };
  const mountain = (plane: keyof typeof sky): string => `${plane}='if(lt(Y,${RIDGE}),${sky[plane]},${rock[plane]})'`;
  const near = `a='255*clip((Y-${TREETOPS})/1.5,0,1)'`;
  // Waves are wide and low, because the water is seen from the shore.
  const moved = (x: string, y: string): string =>
    `crop=${CLIP_SIZE.width}:${WATER_HEIGHT}:x='${x}':y='${y}',format=gray`;
  return [
    ...[MOUNTAINS, WOOD, WAVES].map(textureFilters),
    `[mountains]geq=${mountain('lum')}:${mountain('cb')}:${mountain('cr')},` +
      `zoompan=z='1.5+0.0008*on':x='200+1.7*on':y=330:${VIEW},crop=${CLIP_SIZE.width}:${SHORE_HEIGHT}:0:0[far]`,
    `[wood]format=yuva444p,geq=lum='0.7*lum(X,Y)':cb='cb(X,Y)-12':cr='cr(X,Y)-8':${near},${HOLD}[near]`,
    `[far][near]overlay=x='-300-4*n':y=300:format=yuv444,split[shore][mirrored]`,
    `[waves]scale=2800:800,${HOLD},split[w1][w2]`,
    `[w1]${moved('3*n', '300-2*n')}[towards]`,
    `[w2]${moved('700-2*n', '40+n')}[across]`,
    "[towards][across]blend=all_mode=average,lut=y='128+0.35*(val-128)',format=gbrp,split=3[wx][wy][light]",
    `[mirrored]vflip,crop=${CLIP_SIZE.width}:${WATER_HEIGHT}:0:0,eq=brightness=-0.12,format=gbrp[calm]`,
    '[calm][wx][wy]displace=edge=mirror[moving]',
    '[moving][light]blend=all_mode=hardlight,format=yuv444p[water]',
    `[shore][water]vstack,${grain(5)}`,
  ].join(';');
}
