import { alarmTopic } from './checks/alarm-topic.ts';
import { cacheControl } from './checks/cache-control.ts';
import { corsExposedHeaders, corsOrigin } from './checks/cors.ts';
import { firstPlaylist } from './checks/first-playlist.ts';
import { glassToGlass } from './checks/glass-to-glass.ts';
import { origin } from './checks/origin.ts';
import { picture } from './checks/picture.ts';
import { playback } from './checks/playback.ts';
import { viewerTokenNeeded, viewerTokenOpens } from './checks/viewer-token.ts';
import { wrongKey } from './checks/wrong-key.ts';
import { xCache } from './checks/x-cache.ts';
import { PLAYED_KINDS } from './played-answers.ts';
import type { ProbeCheck } from './probe-check.ts';

/** All checks, in the order in which they run. */
export const CHECKS: readonly ProbeCheck[] = [
  wrongKey('rtmp'),
  wrongKey('rtmps'),
  firstPlaylist('rtmp'),
  picture('rtmp'),
  glassToGlass('rtmp'),
  playback,
  ...PLAYED_KINDS.map(cacheControl),
  xCache,
  corsOrigin,
  corsExposedHeaders,
  firstPlaylist('rtmps'),
  picture('rtmps'),
  glassToGlass('rtmps'),
  viewerTokenOpens,
  viewerTokenNeeded,
  origin,
  alarmTopic,
];

/** Whether a check has a name, or has it before the slash. */
export const isNamed = (check: ProbeCheck, name: string): boolean =>
  check.name === name || check.name.startsWith(`${name}/`);
