import type { PublishMode } from '#domain/environment.ts';
import type { LadderName } from '#domain/ladders.ts';
import type { LatencyName } from '#domain/latency-profiles.ts';
import type { StreamRecord } from '#domain/streams.ts';
import type { DnsZoneConfig, DomainConfig, GeoRestriction, ScheduledMinimum, TaskConfig } from './stage-config.ts';

/** A stage with every default filled in: null where there is none of something. Fields are explained in stage-config.ts. */
export interface ResolvedStage {
  readonly name: string;
  readonly account: string | null;
  readonly region: string | null;
  readonly viewerDomain: DomainConfig | null;
  readonly ingestDomain: DomainConfig | null;
  readonly apiDomain: DomainConfig | null;
  readonly dnsZone: DnsZoneConfig | null;
  readonly vpcCidr: string;
  readonly availabilityZones: number | readonly string[];
  readonly egress: 'public-ip' | 'nat';
  readonly task: TaskConfig;
  readonly streamsPerTask: number;
  readonly minTasks: number;
  readonly maxTasks: number;
  readonly scheduledMinimums: readonly Required<ScheduledMinimum>[];
  readonly ladder: LadderName;
  readonly latency: LatencyName;
  readonly playback: StreamRecord['playback'];
  readonly reconnectWindowSeconds: number;
  readonly ingestAllowList: readonly string[];
  readonly publishMode: PublishMode;
  readonly webhookUrl: string | null;
  readonly geoRestriction: GeoRestriction | null;
  readonly waf: boolean;
  readonly wafRequestsPerFiveMinutes: number;
  readonly priceClass: '100' | '200' | 'all';
  readonly originShieldRegion: string | null;
  readonly logRetentionDays: number;
  readonly alarmEmail: string | null;
  readonly monthlyBudgetUsd: number | null;
  readonly containerInsights: boolean;
  readonly ecsExec: boolean;
  readonly removalPolicy: 'destroy' | 'retain';
}
