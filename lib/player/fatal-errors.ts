/** What to do about an error that hls.js does not mend itself. */
export type Remedy = 'restart-loading' | 'recover-media' | 'give-up';

/** A second fatal error so soon after the first means that the remedy did not help. */
const TOO_SOON_MS = 5000;

/** The remedy for a fatal hls.js error of `type`; `sinceLastMs` is Infinity for the first one. */
export function remedyForFatalError(type: string, sinceLastMs: number): Remedy {
  if (sinceLastMs < TOO_SOON_MS) return 'give-up';
  if (type === 'networkError') return 'restart-loading';
  return type === 'mediaError' ? 'recover-media' : 'give-up';
}
