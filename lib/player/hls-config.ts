import type { HlsConfig, LoadPolicy, RetryConfig } from 'hls.js';

/** A live stream is worth trying for as long as somebody watches; the watchdog decides when a fresh start is better. */
const UNLIMITED = 1_000_000;

/** What who has no viewer token, or an expired one, is answered. */
export const REFUSED = 403;

/** Whether a status answers the request for good. */
type IsFinal = (code: number | undefined) => boolean;

function retryUnless(isFinal: IsFinal): RetryConfig {
  return {
    maxNumRetry: UNLIMITED,
    retryDelayMs: 300,
    maxRetryDelayMs: 2000,
    // An error without an answer (a broken file) is for hls.js.
    shouldRetry: (_config, _count, isTimeout, response) =>
      isTimeout || (response !== undefined && !isFinal(response.code)),
  };
}

function loadPolicy(maxTimeToFirstByteMs: number, maxLoadTimeMs: number, isFinal: IsFinal): LoadPolicy {
  const retry = retryUnless(isFinal);
  return { default: { maxTimeToFirstByteMs, maxLoadTimeMs, timeoutRetry: retry, errorRetry: retry } };
}

/** For low-latency live playback that goes on through every interruption; everything else is hls.js's default. */
const HLS_CONFIG: Partial<HlsConfig> = {
  // CMAF passes through unchanged, which is not worth a worker; without one the page needs no blob: scripts.
  enableWorker: false,
  backBufferLength: 30,
  liveDurationInfinity: true,
  // Our catch-up and our margin take the place of these two: hls.js's never comes down again.
  maxLiveSyncPlaybackRate: 1,
  liveSyncOnStallIncrease: 0,
  // Begin in a middling quality at once, rather than load a first fragment only to measure with.
  testBandwidth: false,
  abrEwmaDefaultEstimate: 2_000_000,
  enableInterstitialPlayback: false,
  enableDateRangeMetadataCues: false,
  enableEmsgMetadataCues: false,
  enableID3MetadataCues: false,
};

/**
 * The settings for one stream. Whatever the network or a server says is tried again, but for a fragment that is missing, which
 * does not come back (hls.js tries other renditions, then plays over the hole), and, where the stream is for viewers with a
 * token, for being refused, since the token will not get better.
 */
export function hlsConfig({ isProtected }: { readonly isProtected: boolean }): Partial<HlsConfig> {
  const isRefused: IsFinal = (code) => isProtected && code === REFUSED;
  const isMissing: IsFinal = (code) => code === 404 || code === 410;
  return {
    ...HLS_CONFIG,
    manifestLoadPolicy: loadPolicy(4000, 8000, isRefused),
    // Healthy answers wait one segment at most, 4 s; blocking requests for parts get a shorter limit from hls.js.
    playlistLoadPolicy: loadPolicy(6000, 8000, isRefused),
    fragLoadPolicy: loadPolicy(4000, 20_000, (code) => isRefused(code) || isMissing(code)),
  };
}
