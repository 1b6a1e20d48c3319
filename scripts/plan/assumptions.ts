import type { ResolvedStage } from '#config/stage-config.ts';
import type { PlannedEvent } from './event.ts';
import { HEADER_BYTES, PLAYLIST_BYTES, SOURCE_RATIO } from './media-usage.ts';
import { CONTAINER_INSIGHTS_METRICS } from './stage-usage.ts';
import { STREAM_HOUR } from './stream-usage.ts';
import { REGIONAL_CACHES } from './viewer-usage.ts';

/** What a plan takes for granted, and what it leaves out. One sentence or two each. */
export function assumptions(stage: ResolvedStage, { ladder, rung, isFreeUsedUp }: PlannedEvent): string[] {
  const caches =
    stage.originShieldRegion === null ? `${REGIONAL_CACHES[stage.priceClass]} regional caches` : 'one cache';
  return [
    'Prices are list prices of us-east-1, and of CloudFront in North America and Europe, whatever the region of the stage.',
    `All viewers watch ${rung} with sound, from beginning to end, and are spread evenly over the streams.`,
    `Answers take ${HEADER_BYTES} bytes of headers, and playlists ${PLAYLIST_BYTES} bytes. A container adds nothing to the bitrates.`,
    `Sources have the height of ${ladder}, 30 frames per second and ${SOURCE_RATIO} times the bitrate of its best rung.`,
    'Each viewer has the watch page open, which waits for the next status all the time.',
    `CloudFront's ${caches} fetch each file once from the origin, as soon as they have a viewer.`,
    `In each hour, a stream makes ${STREAM_HOUR.publishes} publishes, ${STREAM_HOUR.apiRequests} API requests and ${STREAM_HOUR.events} events.`,
    ...(stage.containerInsights ? [`Container Insights has ${CONTAINER_INSIGHTS_METRICS} metrics.`] : []),
    isFreeUsedUp
      ? "CloudFront's free bytes, requests and calls of the month went to something else."
      : "CloudFront's free TB, ten million requests and two million calls of the month are all for this. Nothing else is free.",
    'Left out: pages, the stored image, logs besides metrics, flow logs, DNS, stored data, e-mails, taxes, support and discounts.',
    'A GB has 10^9 bytes.',
  ];
}
