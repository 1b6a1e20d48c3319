import { masterPath } from '#domain/playback-paths.ts';
import type { ProbeCheck } from '../probe-check.ts';

const OPENED = 'every playlist and all media, status 200';

/** A viewer with a token gets everything of a protected stream. */
export const viewerTokenOpens: ProbeCheck = {
  name: 'viewer-token/opens',
  run: async ({ protectedBroadcast }) => {
    const { flaws } = await protectedBroadcast();
    return { ok: flaws.length === 0, measured: flaws[0] ?? OPENED, expected: OPENED };
  },
};

const REFUSED = 403;
const CLOSED = 'status 403 for each kind of file';

/** A viewer without a token, or with one that somebody has changed, gets nothing of it. */
export const viewerTokenNeeded: ProbeCheck = {
  name: 'viewer-token/needed',
  run: async ({ protectedBroadcast, http, signal, target }) => {
    const { answers, liveUrl, playbackId } = await protectedBroadcast();
    // The health of a stream has a token of its own.
    const withoutToken = (url: string): string => url.replace(/\/t\/[^/]+\//, '/');
    const bareUrl = withoutToken(liveUrl);
    const forged = masterPath(playbackId, forge(/\/t\/([^/]+)\//.exec(liveUrl)?.[1] ?? ''));
    const urls = [...answers.newestUrls().map(withoutToken), `${target.playbackBaseUrl}${forged}`];
    const opened: string[] = [];
    for (const url of urls) {
      const { status } = await http.get(url, signal);
      if (status !== REFUSED)
        opened.push(`${url.startsWith(bareUrl) ? url.slice(bareUrl.length) : 'a forged token'}: ${status}`);
    }
    return { ok: opened.length === 0, measured: opened.join('; ') || CLOSED, expected: CLOSED };
  },
};

/** Changes a character in the middle. The bits of the last one may not all count. */
function forge(token: string): string {
  const middle = Math.floor(token.length / 2);
  return `${token.slice(0, middle)}${token[middle] === 'A' ? 'B' : 'A'}${token.slice(middle + 1)}`;
}
