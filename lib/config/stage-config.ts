import type { PublishMode } from '#domain/environment.ts';
import type { LadderName } from '#domain/ladders.ts';
import type { LatencyName } from '#domain/latency-profiles.ts';
import type { StreamRecord } from '#domain/streams.ts';

/** A name of one's own and its certificate in AWS Certificate Manager. */
export interface DomainConfig {
  /** As in `live.example.com`. */
  readonly domainName: string;
  /** ARN. CloudFront takes certificates of us-east-1 only; the others have to be in the stage's own region. */
  readonly certificateArn: string;
}

/** A Route 53 zone in which the names of the stage's domains are made. */
export interface DnsZoneConfig {
  readonly hostedZoneId: string;
  /** As in `example.com`; every domain of the stage ends with it. */
  readonly zoneName: string;
}

/** What an encoder task may use: a size that Fargate has. */
export interface TaskConfig {
  readonly vCpus: number;
  readonly memoryGib: number;
}

/** More tasks from one moment on, fewer from another: for events that are known beforehand. */
export interface ScheduledMinimum {
  /** An AWS schedule expression: `cron(0 17 ? * FRI *)` or `at(2027-05-01T17:00:00)`. */
  readonly schedule: string;
  /** An IANA time zone. @default 'UTC' */
  readonly timeZone?: string;
  readonly minTasks: number;
}

/** Countries by ISO 3166-1 alpha-2 code that may watch, or may not. */
export type GeoRestriction = { readonly allow: readonly string[] } | { readonly deny: readonly string[] };

/** One deployment of Headend. Everything but the name may be left out; what stands here is for the person who edits stages.ts. */
export interface StageConfig {
  /** Lower-case letters, digits and hyphens, at most 20 characters. Part of the stacks' names, so it can't change later. */
  readonly name: string;
  /** Twelve digits. @default the account that the AWS credentials at hand belong to */
  readonly account?: string;
  /**
   * Region of everything but what CloudFront needs in us-east-1. Without it the firewall, CloudFront's alarms and its access
   * logs are left out, since what lies in another region can't be referred to from an unknown one.
   * @default the region of the AWS profile at hand
   */
  readonly region?: string;

  /** Where viewers come in. Its certificate is in us-east-1. @default CloudFront's own name */
  readonly viewerDomain?: DomainConfig;
  /** Where broadcasters publish; with it there is RTMPS beside RTMP. @default the load balancer's own name, RTMP alone */
  readonly ingestDomain?: DomainConfig;
  /** A name for the control API itself; below the viewers' name it is at /api all the same. @default none */
  readonly apiDomain?: DomainConfig;
  /** Makes the domains' DNS records. @default none: you make them */
  readonly dnsZone?: DnsZoneConfig;

  /** Private IPv4 range of the network, /16 to /22. @default '10.64.0.0/16' */
  readonly vpcCidr?: string;
  /** Availability zones: how many, from 2, or which. @default 2 */
  readonly availabilityZones?: number | readonly string[];
  /**
   * How tasks reach AWS: `public-ip` gives each an address that nobody can connect to and costs nothing but the address; `nat` keeps
   * them in private subnets behind one NAT gateway a zone. @default 'public-ip'
   */
  readonly egress?: 'public-ip' | 'nat';

  /** Size of an encoder task. @default 2 vCPUs, 4 GiB */
  readonly task?: TaskConfig;
  /** Broadcasts that one task takes. @default as many of `ladder` as the task can encode in real time */
  readonly streamsPerTask?: number;
  /** Tasks that run whatever happens. @default 1 */
  readonly minTasks?: number;
  /** @default 4 */
  readonly maxTasks?: number;
  /** @default none */
  readonly scheduledMinimums?: readonly ScheduledMinimum[];

  /** Ladder of streams that name none, and the one that tasks are sized for. @default '720p' */
  readonly ladder?: LadderName;
  /** Latency profile of streams that name none. @default 'low' */
  readonly latency?: LatencyName;
  /** Who may watch streams that say nothing of it. @default 'public' */
  readonly playback?: StreamRecord['playback'];
  /** How long a stream waits for its publisher to come back, in seconds. @default 30 */
  readonly reconnectWindowSeconds?: number;
  /** IPv4 ranges that may connect to the RTMP ports. @default ['0.0.0.0/0'] */
  readonly ingestAllowList?: readonly string[];
  /** Who knows the stream keys: Headend, or a backend of yours (`webhookUrl`). @default 'keys' */
  readonly publishMode?: PublishMode;
  /** Where the backend is asked; https. @default none */
  readonly webhookUrl?: string;

  /** @default none */
  readonly geoRestriction?: GeoRestriction;
  /** AWS WAF in front of CloudFront; costs by the request. Needs `region`. @default false */
  readonly waf?: boolean;
  /** Requests that one address may make within five minutes. @default 20000 */
  readonly wafRequestsPerFiveMinutes?: number;
  /** CloudFront locations: `100` is North America and Europe, `all` the world. @default '100' */
  readonly priceClass?: '100' | '200' | 'all';
  /** Region of CloudFront's Origin Shield, one more cache before the origin; take the one nearest to `region`. @default none */
  readonly originShieldRegion?: string;

  /** Days that logs are kept; one of CloudWatch's periods. @default 14 */
  readonly logRetentionDays?: number;
  /** Gets alarms and budget notices; AWS asks the address to confirm. @default none */
  readonly alarmEmail?: string;
  /** A notice at 80 % and 100 % of so many dollars a month for the whole account. Needs `alarmEmail`. @default none */
  readonly monthlyBudgetUsd?: number;
  /** CloudWatch Container Insights for the encoders; costs by the metric. @default false */
  readonly containerInsights?: boolean;
  /** `aws ecs execute-command` into tasks. @default false */
  readonly ecsExec?: boolean;
  /** What becomes of tables, secrets and logs when the stage is destroyed. @default 'destroy' */
  readonly removalPolicy?: 'destroy' | 'retain';
}
