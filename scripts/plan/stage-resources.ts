import type { ResolvedStage } from '#config/stage-config.ts';
import { ENCODER_METRICS } from '#domain/metrics.ts';
import { TABLES } from '#domain/tables.ts';

/** What a deployed stage has that costs money by the hour or the month. */
export interface StageResources {
  readonly zones: number;
  readonly natGateways: number;
  /** Addresses of the publishers' load balancer and of the NAT gateways. Tasks have their own beside these. */
  readonly fixedAddresses: number;
  readonly hasTaskAddresses: boolean;
  /** Metrics that alarms watch: an alarm on an expression watches several. */
  readonly alarmMetrics: number;
  /** Metrics of Headend's own. */
  readonly customMetrics: number;
  readonly dashboards: number;
  readonly secrets: number;
  readonly webAcls: number;
  readonly firewallRules: number;
}

/** Metrics of the alarms in the stage's region that every stage has. Those on throttles watch every table. */
const PLATFORM_ALARM_METRICS = 16 + 2 * TABLES.length;
/** In us-east-1. A stage without a region has none. */
const CLOUDFRONT_ALARM_METRICS = 1;
/** Three rates, and AWS's managed list of addresses, which costs as much as a rule. */
const FIREWALL_RULES = 4;
/** The keys of viewer tokens, what encoder tasks show each other, and what CloudFront shows them. */
const SECRETS = 3;

/**
 * Counts them from a stage's fields, because a synthesis takes far longer than a plan. A test compares the counts with the
 * synthesized templates of every stage.
 */
export function stageResources(stage: ResolvedStage): StageResources {
  const zones = typeof stage.availabilityZones === 'number' ? stage.availabilityZones : stage.availabilityZones.length;
  const natGateways = stage.egress === 'nat' ? zones : 0;
  const hasWebhook = stage.publishMode === 'webhook';
  return {
    zones,
    natGateways,
    fixedAddresses: zones + natGateways,
    hasTaskAddresses: stage.egress === 'public-ip',
    alarmMetrics: alarmMetrics(stage),
    customMetrics: ENCODER_METRICS.length + (hasWebhook ? 1 : 0),
    dashboards: 1,
    secrets: SECRETS + (hasWebhook ? 1 : 0),
    webAcls: stage.waf ? 1 : 0,
    firewallRules: stage.waf ? FIREWALL_RULES : 0,
  };
}

/** An alarm on an expression watches several metrics. Each certificate has an alarm. */
function alarmMetrics({ publishMode, region, ingestDomain, apiDomain, viewerDomain }: ResolvedStage): number {
  const certificates = [ingestDomain, apiDomain, viewerDomain].filter((domain) => domain !== null).length;
  const webhook = publishMode === 'webhook' ? 1 : 0;
  return PLATFORM_ALARM_METRICS + certificates + webhook + (region === null ? 0 : CLOUDFRONT_ALARM_METRICS);
}
