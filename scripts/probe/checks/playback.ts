import type { ProbeCheck } from '../probe-check.ts';

const EXPECTED = 'every request answered, all answers fit together';

/** A viewer of every rendition gets all that playlists name, and no answer contradicts another or RFC 8216bis. */
export const playback: ProbeCheck = {
  name: 'playback',
  run: async ({ publicBroadcast }) => {
    const { flaws } = await publicBroadcast();
    const [first = ''] = flaws;
    return {
      ok: flaws.length === 0,
      measured: flaws.length === 0 ? EXPECTED : `${flaws.length} flaws, such as: ${first}`,
      expected: EXPECTED,
    };
  },
};
