import { type Texture, textureFilters } from './natural-texture.ts';
import { ELLIPSE, GROUND, grain, HOLD, SAME_COLOUR, VIEW } from './scene-filters.ts';

interface Shot {
  readonly firstFrame: number;
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
  /** Pixels that the camera moves for each frame. */
  readonly speed: number;
}

/** The cuts fall between keyframes. */
const SHOTS = [
  { firstFrame: 0, zoom: 1.3, x: 300, y: 400, speed: 11 },
  { firstFrame: 39, zoom: 1.7, x: 1800, y: 900, speed: -13 },
  { firstFrame: 93, zoom: 2.3, x: 500, y: 300, speed: 16 },
] as const satisfies readonly Shot[];

const CLOTHES: Texture = {
  ...{ name: 'clothes', seed: 1, width: 1920, height: 1080, cells: [10, 640] },
  ...{ edgeLevels: 40, contrast: 1.7, colour: 60 },
};
const PLAYERS = [0, 1, 2, 3, 4, 5] as const;

/** Fast pans over a lawn with lines, players that run across, and hard cuts. */
export function sportsScene(): string {
  const zoom = inShot('on', ({ zoom }) => `${zoom}`);
  const x = inShot('on', ({ x, speed, firstFrame }) => `${x}+${speed}*(on-${firstFrame})`);
  const y = inShot('on', ({ y }) => `${y}+25*sin(on/8)`);
  const lines = [900, 1900, 2900].map((left) => `drawbox=x=${left}:w=26:h=2700:t=fill:c=white@0.7`);
  return [
    ...[GROUND, CLOTHES].map(textureFilters),
    `[ground]geq=lum='0.5*lum(X,Y)+50':cb='cb(X,Y)-22':cr='cr(X,Y)-18',${lines.join(',')},` +
      `zoompan=z='${zoom}':x='${x}':y='${y}':${VIEW}[on0]`,
    `[clothes]split=${PLAYERS.length}${PLAYERS.map((player) => `[c${player}]`).join('')}`,
    ...PLAYERS.flatMap(playerFilters),
    `[on${PLAYERS.length}]${grain(4)}`,
  ].join(';');
}

/** An expression that has another value in each shot. `frame` is the filter's name for the frame's number. */
function inShot(frame: 'on' | 'n', value: (shot: Shot) => string): string {
  const [first, ...later] = SHOTS;
  return later.reduce((before, shot) => `if(lt(${frame},${shot.firstFrame}),${before},${value(shot)})`, value(first));
}

/** One player: an ellipse that runs to and fro. A cut puts it somewhere else. */
function playerFilters(player: (typeof PLAYERS)[number]): string[] {
  const size = `${70 + 14 * player}:${190 + 26 * player}`;
  const shot = inShot('n', ({ firstFrame }) => `${firstFrame / 10}`);
  const x = `(W-w)*(0.5+0.5*sin(${(1.1 + 0.37 * player).toFixed(2)}*t+${player}+${shot}))`;
  const y = `${250 + 90 * player}+60*abs(sin(${5 + player}*t))`;
  return [
    `[c${player}]crop=${size}:${100 + 280 * player}:${100 + 110 * player},eq=contrast=1.3:saturation=1.6,` +
      `format=yuva444p,geq=lum='lum(X,Y)':${SAME_COLOUR}:${ELLIPSE},${HOLD}[p${player}]`,
    `[on${player}][p${player}]overlay=x='${x}':y='${y}':format=yuv444[on${player + 1}]`,
  ];
}
