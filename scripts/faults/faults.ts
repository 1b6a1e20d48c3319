import { backupFaults } from './experiments/backup.ts';
import { blackStart } from './experiments/black-start.ts';
import { captions } from './experiments/captions.ts';
import { clockStep } from './experiments/clock-step.ts';
import { drain } from './experiments/drain.ts';
import { earlyPlayers } from './experiments/early-player.ts';
import { endsTogether } from './experiments/end-together.ts';
import { endlessGops } from './experiments/endless-gop.ts';
import { enhancedFaults } from './experiments/enhanced-rtmp.ts';
import { ffmpegKilled } from './experiments/ffmpeg-killed.ts';
import { frameRateChanges } from './experiments/frame-rate-change.ts';
import { frozenNetworks } from './experiments/frozen-network.ts';
import { lateCameras } from './experiments/late-camera.ts';
import { oddPictures } from './experiments/odd-picture.ts';
import { otherPlayers } from './experiments/other-players.ts';
import { overload } from './experiments/overload.ts';
import { pictureGone } from './experiments/picture-gone.ts';
import { slate } from './experiments/slate.ts';
import { soundGap } from './experiments/sound-gap.ts';
import { sources } from './experiments/sources.ts';
import { stopWhileAway } from './experiments/stop-while-away.ts';
import { trueWarnings } from './experiments/true-warnings.ts';
import { twoEncoders } from './experiments/two-encoders.ts';
import { wrongFrameRates } from './experiments/wrong-frame-rate.ts';
import type { Fault } from './fault.ts';

/** All faults, in the order in which they are tried. */
export const FAULTS: readonly Fault[] = [
  ffmpegKilled,
  ...earlyPlayers,
  stopWhileAway,
  ...endsTogether,
  slate,
  ...backupFaults,
  ...otherPlayers,
  soundGap,
  pictureGone,
  ...frozenNetworks,
  ...endlessGops,
  ...frameRateChanges,
  ...trueWarnings,
  ...lateCameras,
  ...wrongFrameRates,
  captions,
  ...oddPictures,
  ...enhancedFaults,
  ...sources,
  twoEncoders,
  blackStart,
  clockStep,
  drain,
  overload,
];
