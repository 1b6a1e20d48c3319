import { notOffered, type ProbeCheck } from '../probe-check.ts';
import type { IngestProtocol } from '../probe-target.ts';

/**
 * The delay from the capture of a frame to a viewer's screen. The screen is that of a player which stays the playlist's
 * PART-HOLD-BACK behind the newest part, as low-latency players do.
 */
export const glassToGlass = (protocol: IngestProtocol): ProbeCheck => ({
  name: `glass-to-glass/${protocol}`,
  run: async ({ broadcastBy, maxDelaySeconds }) => {
    const expected = `p95 at most ${maxDelaySeconds.toFixed(1)} s`;
    const broadcast = await broadcastBy(protocol);
    if (broadcast === null) return notOffered(expected);
    const { delayP50Ms, delayP95Ms, arrivalP50Ms, stalls, stalledMs } = broadcast.picture;
    const stalled = stalls === 0 ? '' : `, ${stalls} stalls of ${seconds(stalledMs)} in all`;
    return {
      ok: delayP95Ms !== null && delayP95Ms <= maxDelaySeconds * 1000,
      measured: `p50 ${seconds(delayP50Ms)}, p95 ${seconds(delayP95Ms)}; parts arrive after ${seconds(arrivalP50Ms)}${stalled}`,
      expected,
    };
  },
});

const seconds = (ms: number | null): string => (ms === null ? 'unknown' : `${(ms / 1000).toFixed(2)} s`);
