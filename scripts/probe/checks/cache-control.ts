import { blockingPlaylistCacheControl, hlsFileKind } from '#domain/hls-files.ts';
import { LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import type { PlayedKind } from '../played-answers.ts';
import type { ProbeCheck } from '../probe-check.ts';
import { TEST_LATENCY } from '../test-broadcast.ts';

const BLOCKING = blockingPlaylistCacheControl(LATENCY_PROFILES[TEST_LATENCY].segmentSeconds);

/** Every answer of one kind says how long caches may keep it, as the platform's table of lifetimes has it. */
export const cacheControl = (kind: PlayedKind): ProbeCheck => ({
  name: `cache-control/${kind}`,
  run: async ({ publicBroadcast }) => {
    const { answers } = await publicBroadcast();
    const expected = kind === 'blocking-playlist' ? BLOCKING : hlsFileKind(kind).cacheControl;
    const values = answers.valuesOf(kind, 'cache-control');
    return {
      ok: values.length === 1 && values[0] === expected,
      measured: values.length === 0 ? 'no such answer' : values.map((value) => value || 'none').join('; '),
      expected,
    };
  },
});
