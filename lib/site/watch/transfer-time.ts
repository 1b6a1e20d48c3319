/** When the body of a file came, in milliseconds, and how long it is, in bytes. */
export type Transfer = Pick<PerformanceResourceTiming, 'responseStart' | 'responseEnd' | 'encodedBodySize'>;

/**
 * How long a file would have taken by itself, in milliseconds. Files that came at the same time have shared the network. `all` are the
 * files that the page has loaded, with this one.
 */
export function ownTransferMs(own: Transfer, all: readonly Transfer[]): number {
  const ownMs = own.responseEnd - own.responseStart;
  const bytesMeanwhile = all.reduce((sum, { responseStart, responseEnd, encodedBodySize }) => {
    const sharedMs = Math.min(responseEnd, own.responseEnd) - Math.max(responseStart, own.responseStart);
    return sharedMs > 0 ? sum + (encodedBodySize * sharedMs) / (responseEnd - responseStart) : sum;
  }, 0);
  return bytesMeanwhile > 0 ? (ownMs * own.encodedBodySize) / bytesMeanwhile : ownMs;
}
