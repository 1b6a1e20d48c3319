import { blackStart } from './experiments/black-start.ts';
import { earlyPlayers } from './experiments/early-player.ts';
import { endsTogether } from './experiments/end-together.ts';
import { endlessGops } from './experiments/endless-gop.ts';
import { ffmpegKilled } from './experiments/ffmpeg-killed.ts';
import { frameRateChanges } from './experiments/frame-rate-change.ts';
import { frozenNetworks } from './experiments/frozen-network.ts';
import { otherPlayers } from './experiments/other-players.ts';
import { pictureGone } from './experiments/picture-gone.ts';
import { slate } from './experiments/slate.ts';
import { soundGap } from './experiments/sound-gap.ts';
import { stopWhileAway } from './experiments/stop-while-away.ts';
import type { Fault } from './fault.ts';

/** All faults, in the order in which they are tried. */
export const FAULTS: readonly Fault[] = [
  ffmpegKilled,
  ...earlyPlayers,
  stopWhileAway,
  ...endsTogether,
  slate,
  ...otherPlayers,
  soundGap,
  pictureGone,
  ...frozenNetworks,
  ...endlessGops,
  ...frameRateChanges,
  blackStart,
];
