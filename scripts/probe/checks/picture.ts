import { notOffered, type ProbeCheck } from '../probe-check.ts';
import type { IngestProtocol } from '../probe-target.ts';

/** A frame more or less is the encoder's constant frame rate; more is damage. */
const TOLERATED_PERCENT = 5;
const EXPECTED = `${100 - TOLERATED_PERCENT} % of the frames, in order`;

/** The frame counter in the picture that came by this protocol can be read, and counts. */
export const picture = (protocol: IngestProtocol): ProbeCheck => ({
  name: `picture/${protocol}`,
  run: async ({ broadcastBy }) => {
    const broadcast = await broadcastBy(protocol);
    if (broadcast === null) return notOffered(EXPECTED);
    const { frames, unreadable, jumps } = broadcast.picture;
    return {
      ok: frames > 0 && unreadable + jumps <= (frames * TOLERATED_PERCENT) / 100,
      measured: `${frames} frames, ${unreadable} unreadable, ${jumps} out of order`,
      expected: EXPECTED,
    };
  },
});
