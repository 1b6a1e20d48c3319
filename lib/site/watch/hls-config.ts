import type { HlsConfig, LoadPolicy, RetryConfig } from 'hls.js';
import { EarlyLoader } from './early-loader.ts';
import { START_BITS_PER_SECOND } from './first-files.ts';
import { REFUSED_STATUS } from './status-watch.ts';

/** Keep retrying for as long as somebody watches. The watchdog decides when a fresh start is better. */
const UNLIMITED = 1_000_000;

/** Whether a retry cannot change this status. */
type IsFinal = (code: number | undefined) => boolean;

function retryUnless(isFinal: IsFinal): RetryConfig {
  return {
    maxNumRetry: UNLIMITED,
    retryDelayMs: 300,
    maxRetryDelayMs: 2000,
    // An error without a response, such as a broken file, is left to hls.js.
    shouldRetry: (_config, _count, isTimeout, response) =>
      isTimeout || (response !== undefined && !isFinal(response.code)),
  };
}

function loadPolicy(maxTimeToFirstByteMs: number, maxLoadTimeMs: number, isFinal: IsFinal): LoadPolicy {
  const retry = retryUnless(isFinal);
  return { default: { maxTimeToFirstByteMs, maxLoadTimeMs, timeoutRetry: retry, errorRetry: retry } };
}

/** Low-latency live playback that survives every interruption. All other settings keep the defaults of hls.js. */
const HLS_CONFIG: Partial<HlsConfig> = {
  loader: EarlyLoader,
  // hls.js passes CMAF through unchanged, so a worker gains nothing. Without it the page needs no blob: scripts.
  enableWorker: false,
  // BackBuffer does it.
  backBufferLength: Number.POSITIVE_INFINITY,
  liveDurationInfinity: true,
  // LiveFollower replaces these two: hls.js raises the target latency after a stall and never lowers it again.
  maxLiveSyncPlaybackRate: 1,
  liveSyncOnStallIncrease: 0,
  // Start in medium quality at once instead of loading a first fragment only to measure bandwidth.
  testBandwidth: false,
  abrEwmaDefaultEstimate: START_BITS_PER_SECOND,
  enableInterstitialPlayback: false,
  enableDateRangeMetadataCues: false,
  enableEmsgMetadataCues: false,
  enableID3MetadataCues: false,
};

/**
 * The settings for one stream. Every failed request is retried, with two exceptions. A missing fragment never comes
 * back: hls.js tries other renditions and then skips the gap. If the stream requires a viewer token, a refusal is final
 * too, because the same token would be refused again.
 */
export function hlsConfig({ isProtected }: { readonly isProtected: boolean }): Partial<HlsConfig> {
  const isRefused: IsFinal = (code) => isProtected && code === REFUSED_STATUS;
  const isMissing: IsFinal = (code) => code === 404 || code === 410;
  return {
    ...HLS_CONFIG,
    manifestLoadPolicy: loadPolicy(4000, 8000, isRefused),
    // A healthy server holds a request for at most one segment (4 s). hls.js sets a shorter limit for blocking part
    // requests.
    playlistLoadPolicy: loadPolicy(6000, 8000, isRefused),
    fragLoadPolicy: loadPolicy(4000, 20_000, (code) => isRefused(code) || isMissing(code)),
  };
}
