import { parsePageAddress } from './page-address.ts';
import { STATUS_TIMEOUT_MS } from './status-timeout.ts';

/**
 * Runs while the browser still loads and compiles the page's script, which is a hundred times as long: asks for the
 * status and, if the stream is live, for the multivariant playlist. Its answer is in the browser's cache when hls.js asks.
 */
const { statusPath, masterPath } = parsePageAddress(location);
// Null: this script is late, and main.ts asks by itself.
if (window.headendEarlyStatus === undefined) {
  const early = fetch(statusPath, { cache: 'no-store', signal: AbortSignal.timeout(STATUS_TIMEOUT_MS) });
  window.headendEarlyStatus = early;
  early
    .then(async (response) => {
      const { status } = (await response.clone().json()) as { readonly status?: unknown };
      if (status === 'live') await fetch(masterPath);
    })
    // main.ts gets the same answer, and shows what is wrong.
    .catch(() => undefined);
}
