import type { RenditionList } from './rendition-list.ts';

/**
 * The page's video element: muted, since browsers start nothing else by themselves, and inline on phones. It carries what
 * media-chrome reads off media elements beyond the standard: `videoRenditions`, `streamType` and `liveEdgeStart`.
 */
export function createVideo(renditions: RenditionList, isAtLive: () => boolean): HTMLVideoElement {
  const video = document.createElement('video');
  video.slot = 'media';
  video.muted = true;
  video.autoplay = true;
  video.playsInline = true;
  return Object.defineProperties(video, {
    videoRenditions: { value: renditions },
    streamType: { value: 'live' },
    liveEdgeStart: { get: () => (isAtLive() ? 0 : Number.POSITIVE_INFINITY) },
  });
}
