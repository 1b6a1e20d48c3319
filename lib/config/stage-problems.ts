import { taskCapacityVCpus } from '#domain/encoder-capacity.ts';
import { stagePublishVCpus } from './cpu-architecture.ts';
import { CLOUDFRONT_REGION } from './regions.ts';
import { DEFAULT_WAF_VIEWS, type ResolvedStage } from './stage-config.ts';

/** Checks the rules that involve several fields. Returns one readable line for each problem. */
export function stageProblems(stage: ResolvedStage): string[] {
  return [
    ...zoneProblems(stage),
    ...networkProblems(stage),
    ...domainProblems(stage),
    ...capacityProblems(stage),
    ...publishProblems(stage),
    ...signInProblems(stage),
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

/** The addresses in a zone's three subnets, which lib/constructs/network.ts divides. */
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
    if (wanted === null) yield `${field}: a domain with a certificate needs a region`;
    else if (certificateRegion !== wanted) {
      yield `${field}.certificateArn: the certificate is in ${certificateRegion}, but must be in ${wanted}`;
    }
    const zone = stage.dnsZone?.zoneName;
    if (zone !== undefined && domain.domainName !== zone && !domain.domainName.endsWith(`.${zone}`)) {
      yield `${field}.domainName: ${domain.domainName} is not in the zone ${zone}`;
    }
  }
  const names = DOMAINS.flatMap((field) => stage[field]?.domainName ?? []);
  if (new Set(names).size < names.length) yield 'domains: each needs its own name';
  if (stage.dnsZone !== null && names.length === 0) yield 'dnsZone: there is no domain to make a record for';
}

function* capacityProblems(stage: ResolvedStage): Iterable<string> {
  const { ladder, codecs, task, capacityVCpus, minTasks, maxTasks } = stage;
  const most = taskCapacityVCpus(task);
  const needed = stagePublishVCpus(stage);
  const broadcast = codecs.length > 1 ? `${ladder} broadcast in ${codecs.join(' and ')}` : `${ladder} broadcast`;
  const size = `${task.vCpus} vCPUs and ${task.memoryGib} GiB`;
  if (needed > most) yield `task: ${size} can't encode a single ${broadcast} in real time, which takes ${needed} vCPUs`;
  else if (capacityVCpus > most) {
    yield `capacityVCpus: a task of ${size} has at most ${most} vCPUs for broadcasts, not ${capacityVCpus}`;
  } else if (capacityVCpus < needed) {
    yield `capacityVCpus: a ${broadcast} takes ${needed} vCPUs, so ${capacityVCpus} would refuse every one`;
  }
  if (minTasks > maxTasks) yield `minTasks: ${minTasks} is more than maxTasks, ${maxTasks}`;
  for (const { schedule, minTasks: scheduled } of stage.scheduledMinimums) {
    if (scheduled > maxTasks)
      yield `scheduledMinimums: ${schedule} asks for ${scheduled} tasks, but maxTasks is ${maxTasks}`;
  }
}

function* publishProblems({ publishMode, webhookUrl, plainRtmp, ingestDomain }: ResolvedStage): Iterable<string> {
  if (!plainRtmp && ingestDomain === null) yield 'plainRtmp: without it, broadcasters need an ingestDomain for RTMPS';
  if (publishMode === 'webhook' && webhookUrl === null) yield 'webhookUrl: publishMode "webhook" needs one';
  if (publishMode === 'keys' && webhookUrl !== null) yield 'webhookUrl: publishMode "keys" does not use it';
}

function* signInProblems({ signIn, region }: ResolvedStage): Iterable<string> {
  const secretRegion = signIn?.oidc.clientSecretArn?.split(':')[3];
  if (secretRegion === undefined || region === null || secretRegion === region) return;
  yield `signIn.oidc.clientSecretArn: the secret is in ${secretRegion}, but must be in ${region}`;
}

function* deliveryProblems({ waf, region, wafViewsPerFiveMinutes }: ResolvedStage): Iterable<string> {
  if (waf && region === null) yield 'waf: the firewall is in us-east-1, and only a stage with a region can refer to it';
  if (!waf && wafViewsPerFiveMinutes !== DEFAULT_WAF_VIEWS) yield 'wafViewsPerFiveMinutes: waf is off';
}

function* noticeProblems({ monthlyBudgetUsd, alarmEmail }: ResolvedStage): Iterable<string> {
  if (monthlyBudgetUsd !== null && alarmEmail === null) yield 'monthlyBudgetUsd: the notice needs an alarmEmail';
}
