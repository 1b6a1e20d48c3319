import { notOffered, type ProbeCheck } from '../probe-check.ts';
import type { IngestProtocol } from '../probe-target.ts';

/** FFmpeg needs a second or two to start. More than this is a platform that is too busy. */
const LIMIT_MS = 10_000;
const EXPECTED = `at most ${LIMIT_MS / 1000} s after the publish began`;

/** A broadcast by this protocol is accepted, and viewers soon have a playlist with media. */
export const firstPlaylist = (protocol: IngestProtocol): ProbeCheck => ({
  name: `first-playlist/${protocol}`,
  run: async ({ broadcastBy }) => {
    const broadcast = await broadcastBy(protocol);
    if (broadcast === null) return notOffered(EXPECTED);
    const { firstPlaylistMs } = broadcast;
    return {
      ok: firstPlaylistMs <= LIMIT_MS,
      measured: `${(firstPlaylistMs / 1000).toFixed(1)} s`,
      expected: EXPECTED,
    };
  },
});
