import type { ResolvedStage } from '#config/stage-config.ts';
import type { UsageLine } from './cost.ts';
import { HOURS_PER_MONTH, type PlannedEvent } from './event.ts';
import type { PlannedFleet } from './fleet.ts';
import { BYTES_PER_GB, viewerHour } from './media-usage.ts';
import { stageResources } from './stage-resources.ts';

/** CloudFront had 13 regional edge caches in 2025. How many of them serve a price class is assumed. */
export const REGIONAL_CACHES = { '100': 7, '200': 11, all: 13 } as const;
/** A unit of an Application Load Balancer (Elastic Load Balancing pricing, "LCU details"). */
const LCU_GB_PER_HOUR = 1;
const LCU_ACTIVE_CONNECTIONS = 3_000;
/** Requests that wait for the next part, of each copy: a playlist of the video and one of the sound. */
const WAITING_REQUESTS = 2;
/** Assumed for a compressed line of CloudFront's access log. */
const ACCESS_LOG_BYTES = 150;
const DAYS_PER_MONTH = HOURS_PER_MONTH / 24;
/** A task that does not hold a stream looks up every second who does, and reads two items for it. */
const OWNER_READS_PER_HOUR = 2 * 3_600;

/** What crosses CloudFront. */
export interface Delivery {
  readonly bytes: number;
  readonly requests: number;
  /** Requests that no cache answers. */
  readonly originRequests: number;
  readonly originBytes: number;
}

/** What viewers take, and what CloudFront takes from the origin for them. */
export function planDelivery(stage: ResolvedStage, event: PlannedEvent): Delivery {
  const { bytes, requests } = viewerHour(event);
  const viewerHours = event.viewers * event.hours;
  const copyHours = originCopies(stage, event) * event.hours;
  return {
    bytes: viewerHours * bytes,
    requests: viewerHours * requests,
    originRequests: copyHours * requests,
    originBytes: copyHours * bytes,
  };
}

/** Each regional cache that has viewers of a stream fetches each of its files once. With Origin Shield, one cache does. */
function originCopies({ priceClass, originShieldRegion }: ResolvedStage, { viewers, streams }: PlannedEvent): number {
  return Math.min(viewers, streams * (originShieldRegion === null ? REGIONAL_CACHES[priceClass] : 1));
}

/** What viewers use. */
export function viewerUsage(stage: ResolvedStage, fleet: PlannedFleet, event: PlannedEvent): UsageLine[] {
  const delivery = planDelivery(stage, event);
  const { requests } = delivery;
  const lines: readonly Omit<UsageLine, 'scope'>[] = [
    { category: 'CloudFront', item: 'bytes', price: 'cloudFrontGb', quantity: delivery.bytes / BYTES_PER_GB },
    { category: 'CloudFront', item: 'requests', price: 'cloudFrontRequests', quantity: requests },
    { category: 'CloudFront', item: 'viewer-token function', price: 'cloudFrontFunction', quantity: requests },
    {
      category: 'CloudFront',
      item: 'reads of the viewer-token keys',
      price: 'cloudFrontKeyRead',
      quantity: stage.playback === 'token' ? requests : 0,
    },
    {
      category: 'CloudFront',
      item: 'Origin Shield',
      price: 'originShield',
      quantity: stage.originShieldRegion === null ? 0 : delivery.originRequests,
    },
    {
      category: 'firewall',
      item: 'requests that it checks',
      price: 'firewallRequests',
      quantity: stage.waf ? requests : 0,
    },
    ...originLines(stage, fleet, event, delivery),
    ...accessLogLines(stage, requests),
  ];
  return lines.map((line) => ({ ...line, scope: 'viewers' }));
}

function originLines(
  stage: ResolvedStage,
  { tasks }: PlannedFleet,
  event: PlannedEvent,
  { originBytes }: Delivery,
): Omit<UsageLine, 'scope'>[] {
  const originGb = originBytes / BYTES_PER_GB;
  const waitingHours = originCopies(stage, event) * WAITING_REQUESTS * event.hours;
  const zones = Math.min(tasks, stageResources(stage).zones);
  const watchedStreams = Math.min(event.viewers, event.streams);
  return [
    {
      category: 'load balancers',
      item: "CloudFront's bytes from the origin",
      price: 'applicationBalancerCapacity',
      quantity: Math.max(originGb / LCU_GB_PER_HOUR, waitingHours / LCU_ACTIVE_CONNECTIONS),
    },
    {
      category: 'between zones',
      item: 'answers of a task of another zone',
      price: 'zoneTransferGb',
      quantity: 2 * originGb * (1 - 1 / zones),
    },
    {
      category: 'owners (DynamoDB)',
      item: 'which task holds a stream',
      price: 'dynamoDbRead',
      quantity: watchedStreams * (tasks - 1) * event.hours * OWNER_READS_PER_HOUR,
    },
  ];
}

/** CloudFront delivers access logs to S3 without a charge; they are kept as long as the stage says. */
function accessLogLines({ region, logRetentionDays }: ResolvedStage, requests: number): Omit<UsageLine, 'scope'>[] {
  const gb = region === null ? 0 : (requests * ACCESS_LOG_BYTES) / BYTES_PER_GB;
  return [
    {
      category: 'access logs (S3)',
      item: `access logs, kept for ${logRetentionDays} days`,
      price: 's3Gb',
      quantity: gb * (logRetentionDays / DAYS_PER_MONTH),
    },
  ];
}
