import type { ResolvedStage } from '#config/stage-config.ts';
import { AUDIO_RENDITION, type LadderName, ladderRungs, RUNGS } from '#domain/ladders.ts';
import { LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import type { UsageLine } from './cost.ts';
import type { PlannedEvent } from './event.ts';
import { BYTES_PER_GB, ladderHourBytes } from './media-usage.ts';
import type { PriceName } from './prices.ts';
import { planDelivery } from './viewer-usage.ts';

/** Another way to stream the same event on AWS. */
export interface OtherService {
  readonly name: string;
  /** What is different for viewers or in the estimate. */
  readonly note: string;
  readonly usage: (stage: ResolvedStage, event: PlannedEvent) => readonly UsageLine[];
}

/** The largest pictures that the price table has for MediaLive, and that IVS takes. */
const LARGEST_PICTURE = 1_080;
/** Outputs below 720 lines are SD. */
const LEAST_HD_PICTURE = 720;
const SECONDS_PER_HOUR = 3_600;

export const SERVICES: readonly OtherService[] = [
  {
    name: 'MediaLive + MediaPackage',
    note: 'one pipeline, so no spare encoder; sound costs nothing; the same low latency and requests',
    usage: (stage, event) => [
      ...mediaLiveLines(event),
      ...mediaPackageLines(stage, event),
      ...cloudFrontLines(stage, event),
    ],
  },
  {
    name: 'MediaLive + CloudFront',
    note: 'one pipeline; segments of 4 s in S3, so viewers are 12 s and more behind, and make fewer requests',
    usage: (stage, event) => {
      const plain: PlannedEvent = { ...event, latency: 'standard' };
      return [...mediaLiveLines(plain), ...bucketLines(stage, plain), ...cloudFrontLines(stage, plain)];
    },
  },
  {
    name: 'IVS',
    note: 'a standard channel; it becomes cheaper from 10,000 viewer-hours a month on, which is not counted',
    usage: (_stage, event) => [
      line('streams', 'input', 'ivsInput', event.streams * event.hours),
      line('viewers', 'output', ivsOutput(event.rung), event.viewers * event.hours),
    ],
  },
];

/** Why the other services can't be compared for an event. Null if they can. */
export function serviceGap({ ladder }: PlannedEvent): string | null {
  const [top] = ladderRungs(ladder);
  if (top === undefined || top.shortSide <= LARGEST_PICTURE) return null;
  return `no price for ${ladder} is known`;
}

/** The input and an output for each rung of a channel of a single pipeline. */
export function mediaLiveLines({
  ladder,
  streams,
  hours,
}: Pick<PlannedEvent, 'ladder' | 'streams' | 'hours'>): UsageLine[] {
  const streamHours = streams * hours;
  const outputs = ladderRungs(ladder).map(({ name, shortSide }) =>
    line(
      'streams',
      `MediaLive output ${name}`,
      shortSide < LEAST_HD_PICTURE ? 'mediaLiveSdOutput' : 'mediaLiveHdOutput',
      streamHours,
    ),
  );
  return [line('streams', 'MediaLive input', 'mediaLiveHdInput', streamHours), ...outputs];
}

function mediaPackageLines(stage: ResolvedStage, event: PlannedEvent): UsageLine[] {
  const ingestGb = (event.streams * event.hours * ladderHourBytes(event.ladder)) / BYTES_PER_GB;
  const outputGb = planDelivery(stage, event).originBytes / BYTES_PER_GB;
  return [
    line('streams', 'MediaPackage input', 'mediaPackageIngestGb', ingestGb),
    line('viewers', 'MediaPackage output', 'mediaPackageOutputGb', outputGb),
  ];
}

/** Each segment is a file and a new playlist, for every rung and the sound. */
function bucketLines(stage: ResolvedStage, event: PlannedEvent): UsageLine[] {
  const renditions = [...ladderRungs(event.ladder).map(({ name }) => name), AUDIO_RENDITION];
  const segments = (event.streams * event.hours * SECONDS_PER_HOUR) / LATENCY_PROFILES[event.latency].segmentSeconds;
  return [
    line('streams', 'files to S3', 's3Put', 2 * renditions.length * segments),
    line('viewers', 'files from S3', 's3Get', planDelivery(stage, event).originRequests),
  ];
}

function cloudFrontLines(stage: ResolvedStage, event: PlannedEvent): UsageLine[] {
  const { bytes, requests } = planDelivery(stage, event);
  return [
    line('viewers', 'CloudFront bytes', 'cloudFrontGb', bytes / BYTES_PER_GB),
    line('viewers', 'CloudFront requests', 'cloudFrontRequests', requests),
  ];
}

function ivsOutput(name: LadderName): PriceName {
  const shortSide = RUNGS.find((rung) => rung.name === name)?.shortSide ?? LARGEST_PICTURE;
  if (shortSide < LEAST_HD_PICTURE) return 'ivsSdOutput';
  return shortSide === LEAST_HD_PICTURE ? 'ivsHdOutput' : 'ivsFullHdOutput';
}

const line = (scope: UsageLine['scope'], item: string, price: PriceName, quantity: number): UsageLine => ({
  ...{ scope, category: 'service', item, price },
  quantity,
});
