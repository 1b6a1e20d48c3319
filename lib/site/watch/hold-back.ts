import { Events, type default as Hls, type LevelDetails } from 'hls.js';

/**
 * Without parts, HOLD-BACK is three segments (RFC 8216bis 4.4.3.8), for players that do nothing about a buffer that runs dry. This page
 * takes less: of segments of 4 s, it has 3 s left when the next one comes. After a stall it takes more (`marginAfterStall`).
 */
const SHARE_WITHOUT_PARTS = 0.6;

/** How far behind live to play, in seconds. Null if that is for the playlist to say. */
export function targetWithoutParts({ holdBack, partTarget, live }: LevelDetails): number | null {
  return live && holdBack > 0 && !(partTarget > 0) ? holdBack * SHARE_WITHOUT_PARTS : null;
}

/** Plays streams without parts closer to live than hls.js would, from the first fragment on. */
export function shortenHoldBack(hls: Hls): void {
  // hls.js chooses its first fragment after this event.
  hls.on(Events.LEVEL_UPDATED, (_event, { details }) => {
    const targetSeconds = targetWithoutParts(details);
    if (targetSeconds !== null && targetSeconds !== hls.targetLatency) hls.targetLatency = targetSeconds;
  });
}
