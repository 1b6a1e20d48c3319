import { streamCapacity } from '#domain/encoder-capacity.ts';
import { LATENCY_PROFILES, type LatencyName } from '#domain/latency-profiles.ts';
import { CLOUDFRONT_REGION } from './regions.ts';
import { DEFAULT_WAF_REQUESTS, type ResolvedStage } from './stage-config.ts';

/** What a stage's fields mean together and can't: one readable line for each problem, none where all is well. */
export function stageProblems(stage: ResolvedStage): string[] {
  return [
    ...zoneProblems(stage),
    ...networkProblems(stage),
    ...domainProblems(stage),
    ...capacityProblems(stage),
    ...publishProblems(stage),
    ...deliveryProblems(stage),
    ...noticeProblems(stage),
  ];
}

function* zoneProblems({ region, availabilityZones }: ResolvedStage): Iterable<string> {
  if (typeof availabilityZones === 'number') return;
  if (region === null) yield 'availabilityZones: names of zones need a region';
  else {
    const foreign = availabilityZones.filter((zone) => zone.slice(0, -1) !== region);
    if (foreign.length > 0) yield `availabilityZones: ${foreign.join(', ')} are not zones of ${region}`;
  }
  if (new Set(availabilityZones).size < availabilityZones.length) yield 'availabilityZones: a zone is named twice';
}

/** Addresses that a zone's three subnets take; lib/constructs/network.ts cuts them. */
const ADDRESSES_PER_ZONE = 256;

function* networkProblems({ vpcCidr, availabilityZones }: ResolvedStage): Iterable<string> {
  const zones = typeof availabilityZones === 'number' ? availabilityZones : availabilityZones.length;
  const bits = Number(vpcCidr.split('/')[1]);
  if (2 ** (32 - bits) < zones * ADDRESSES_PER_ZONE) yield `vpcCidr: ${vpcCidr} is too small for ${zones} zones`;
}

const DOMAINS = ['viewerDomain', 'ingestDomain', 'apiDomain'] as const;

function* domainProblems(stage: ResolvedStage): Iterable<string> {
  for (const field of DOMAINS) {
    const domain = stage[field];
    if (domain === null) continue;
    const certificateRegion = domain.certificateArn.split(':')[3];
    const wanted = field === 'viewerDomain' ? CLOUDFRONT_REGION : stage.region;
    if (wanted === null) yield `${field}: a name with a certificate needs a region`;
    else if (certificateRegion !== wanted) {
      yield `${field}.certificateArn: the certificate is in ${certificateRegion}, it has to be in ${wanted}`;
    }
    const zone = stage.dnsZone?.zoneName;
    if (zone !== undefined && domain.domainName !== zone && !domain.domainName.endsWith(`.${zone}`)) {
      yield `${field}.domainName: ${domain.domainName} does not lie in the zone ${zone}`;
    }
  }
  const names = DOMAINS.flatMap((field) => stage[field]?.domainName ?? []);
  if (new Set(names).size < names.length) yield 'domains: each needs a name of its own';
  if (stage.dnsZone !== null && names.length === 0) yield 'dnsZone: there is no domain to make a record for';
}

function* capacityProblems(stage: ResolvedStage): Iterable<string> {
  const { ladder, task, streamsPerTask, minTasks, maxTasks } = stage;
  const capacity = streamCapacity(ladder, task);
  const size = `${task.vCpus} vCPUs and ${task.memoryGib} GiB`;
  if (capacity < 1) yield `task: ${size} can't encode a single ${ladder} broadcast in real time`;
  else if (streamsPerTask > capacity) {
    yield `streamsPerTask: a task of ${size} encodes at most ${capacity} ${ladder} broadcasts, not ${streamsPerTask}`;
  }
  if (minTasks > maxTasks) yield `minTasks: ${minTasks} is more than maxTasks, ${maxTasks}`;
  for (const { schedule, minTasks: scheduled } of stage.scheduledMinimums) {
    if (scheduled > maxTasks) yield `scheduledMinimums: ${schedule} wants ${scheduled} tasks, maxTasks is ${maxTasks}`;
  }
}

function* publishProblems({ publishMode, webhookUrl }: ResolvedStage): Iterable<string> {
  if (publishMode === 'webhook' && webhookUrl === null) yield 'webhookUrl: publishMode "webhook" needs one';
  if (publishMode === 'keys' && webhookUrl !== null) yield 'webhookUrl: nobody is asked with publishMode "keys"';
}

/** One viewer plays picture and sound, and loads a playlist and a piece of media of both for each part or segment. */
const REQUESTS_PER_PIECE = 4;
const FIVE_MINUTES_SECONDS = 300;

/** Requests that one viewer of a latency profile makes within five minutes. */
export function viewerRequestsPerFiveMinutes(latency: LatencyName): number {
  const { partSeconds, segmentSeconds } = LATENCY_PROFILES[latency];
  return Math.ceil((FIVE_MINUTES_SECONDS / (partSeconds ?? segmentSeconds)) * REQUESTS_PER_PIECE);
}

function* deliveryProblems(stage: ResolvedStage): Iterable<string> {
  const { waf, region, wafRequestsPerFiveMinutes, latency } = stage;
  if (waf && region === null) yield 'waf: the firewall is in us-east-1 and needs a region to be referred to from';
  if (!waf && wafRequestsPerFiveMinutes !== DEFAULT_WAF_REQUESTS) yield 'wafRequestsPerFiveMinutes: waf is off';
  // Two viewers behind one address are a household, not an attack.
  const least = 2 * viewerRequestsPerFiveMinutes(latency);
  if (waf && wafRequestsPerFiveMinutes < least) {
    yield `wafRequestsPerFiveMinutes: ${wafRequestsPerFiveMinutes} would lock viewers out; with latency "${latency}" it has to be at least ${least}`;
  }
}

function* noticeProblems({ monthlyBudgetUsd, alarmEmail }: ResolvedStage): Iterable<string> {
  if (monthlyBudgetUsd !== null && alarmEmail === null) yield 'monthlyBudgetUsd: the notice needs an alarmEmail';
}
