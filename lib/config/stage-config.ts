import { z } from 'zod';
import { MAX_CAPACITY_VCPUS, taskCapacityVCpus } from '#domain/encoder-capacity.ts';
import { PUBLISH_MODES } from '#domain/environment.ts';
import { DEFAULT_LADDER, LADDER_NAMES } from '#domain/ladders.ts';
import { DEFAULT_LATENCY, LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { PLAYBACK_MODES } from '#domain/playback-ids.ts';
import { MAX_DRAIN_MINUTES, MAX_RECONNECT_WINDOW_SECONDS } from '#domain/streams.ts';
import { DEFAULT_CODECS } from '#domain/video-codecs.ts';
import { CPU_ARCHITECTURES } from './cpu-architecture.ts';
import { ORIGIN_SHIELD_REGIONS, REGIONS } from './regions.ts';
import { signInSchema } from './sign-in.ts';
import { slateImageSchema } from './slate-image.ts';
import {
  availabilityZonesSchema,
  codecsSchema,
  dnsZoneSchema,
  domainSchema,
  geoRestrictionSchema,
  orNull,
  retentionDaysSchema,
  scheduledMinimumSchema,
  taskCountSchema,
  taskSizeSchema,
  vpcCidrSchema,
} from './stage-field-schemas.ts';

/** Default of `wafViewsPerFiveMinutes`. */
export const DEFAULT_WAF_VIEWS = 2_000;

/**
 * Every field of a stage: its meaning, its check and its default. The defaults give the cheapest stage that works.
 * Rules that involve several fields are in stage-problems.ts.
 */
const stageFieldsSchema = z.strictObject({
  /** 2 to 20 lower-case letters, digits and hyphens. It is part of the stacks' names, so it can't change later. */
  name: z
    .string()
    .regex(
      /^[a-z][a-z0-9-]{0,18}[a-z0-9]$/,
      'must be 2 to 20 lower-case letters, digits and hyphens, with a letter first and no hyphen last',
    ),
  /** Twelve digits. @default the account of your AWS credentials */
  account: orNull(z.string().regex(/^\d{12}$/, 'must be 12 digits')),
  /**
   * Region of everything except what CloudFront needs in us-east-1. Without it, the stage has no firewall, no alarms on
   * CloudFront and no access logs, because a stack whose region is unknown can't refer to one in another region.
   * @default the region of your AWS profile
   */
  region: orNull(z.enum(REGIONS, 'must be a region with CloudFront VPC origins, such as eu-central-1')),

  /** Where viewers connect. Its certificate must be in us-east-1. @default CloudFront's own domain name */
  viewerDomain: orNull(domainSchema),
  /** Where broadcasters publish. With it, there is RTMPS too, or alone if `plainRtmp` is off. @default the load balancer's own name, with RTMP only */
  ingestDomain: orNull(domainSchema),
  /**
   * An extra name for the control API, which is also at /api of the viewers' domain. Requests to this name do not pass
   * CloudFront, so the firewall and `geoRestriction` do not see them. @default none
   */
  apiDomain: orNull(domainSchema),
  /** Where the domains' DNS records are created. @default none: you create them */
  dnsZone: orNull(dnsZoneSchema),

  /** Private IPv4 range of the network, /16 to /22. @default '10.64.0.0/16' */
  vpcCidr: vpcCidrSchema.default('10.64.0.0/16'),
  /** The number of availability zones, 2 to 6, or their names. Neither can change once the stage is deployed. @default 2 */
  availabilityZones: availabilityZonesSchema.default(2),
  /**
   * How tasks reach AWS. With `public-ip`, each task has a public address that accepts no connections; the address is
   * the only cost. With `nat`, tasks are in private subnets, with one NAT gateway in each zone.
   * @default 'public-ip'
   */
  egress: z.enum(['public-ip', 'nat']).default('public-ip'),

  /** Size of an encoder task. Fargate must offer it. docs/operations.md says how much fits. @default 2 vCPUs, 4 GiB */
  task: taskSizeSchema.default({ vCpus: 2, memoryGib: 4 }),
  /**
   * Architecture of the tasks: `arm64` (Graviton) or `x86_64`, which costs a quarter more. The image is built on the machine
   * that deploys. If its Docker can't run programs of the architecture, install QEMU there.
   * @default 'arm64', or what `deploy` chose for the stage: 'x86_64' if the Docker that deploys it first builds nothing else
   */
  cpuArchitecture: z.enum(CPU_ARCHITECTURES).default('arm64'),
  /**
   * vCPUs of a task that its broadcasts may take together, with up to three decimals. A task accepts a publish if what it
   * takes still fits; lib/domain/encoder-capacity.ts says how much that is. Lower it if tasks fall behind.
   * @default the task's vCPUs without what the encoder itself takes: 1.9 of 2
   */
  capacityVCpus: z.number().min(0.1).max(MAX_CAPACITY_VCPUS).multipleOf(0.001).optional(),
  /** Tasks that always run. @default 1 */
  minTasks: taskCountSchema(1).default(1),
  /** Upper limit of tasks. @default 4 */
  maxTasks: taskCountSchema(1).default(4),
  /** Times at which the minimum of tasks changes, for events that are known beforehand. @default none */
  scheduledMinimums: z.array(scheduledMinimumSchema).max(50).readonly().default([]),
  /**
   * How long tasks of the former version keep their broadcasts after a deployment, in minutes, 0 to 150. Broadcasts that
   * are still on air then move to new tasks. With 0, they move at once. A deployment takes as long as its broadcasts,
   * but no longer than this. @default 60
   */
  drainMinutes: z.int().min(0).max(MAX_DRAIN_MINUTES).default(60),

  /** Ladder of streams that don't set one. Tasks are sized for it. @default '720p' */
  ladder: z.enum(LADDER_NAMES).default(DEFAULT_LADDER),
  /**
   * What the rungs of streams that don't set it are encoded in. With `['h264', 'hevc']`, each rung is there in HEVC, too, at 40 % less
   * bitrate, for players that have it; with `av1` in AV1. Each takes several times the CPU of H.264; lib/domain/encoder-capacity.ts
   * says how much. HEVC is for Apple's players, AV1 for browsers.
   * @default ['h264']
   */
  codecs: codecsSchema.default(DEFAULT_CODECS),
  /** Latency profile of streams that don't set one. @default 'low' */
  latency: z.enum(LATENCY_NAMES).default(DEFAULT_LATENCY),
  /** Who may watch streams that don't set it: everybody, or viewers with a token. @default 'public' */
  playback: z.enum(PLAYBACK_MODES).default('public'),
  /** How long a stream waits for its publisher to come back, in seconds. @default 30 */
  reconnectWindowSeconds: z.int().min(0).max(MAX_RECONNECT_WINDOW_SECONDS).default(30),
  /**
   * Shows viewers a picture with silence while a stream waits for its publisher, so that players go on, and a picture in place of one
   * that has been missing for 5 s. Without it, the picture stands still, and players wait for publishers. @default true
   */
  slate: z.boolean().default(true),
  /**
   * Path of that picture, from this project's folder: a PNG or JPEG of at most 2 MB. It fills the frame as far as its shape allows.
   * @default a plain picture with the stream's title
   */
  slateImage: orNull(slateImageSchema),
  /**
   * Accepts RTMP without TLS, which shows stream keys to everybody on the way. With `false`, broadcasters must use RTMPS,
   * and so the stage needs an `ingestDomain`. @default true
   */
  plainRtmp: z.boolean().default(true),
  /** IPv4 ranges that may connect to the RTMP ports. @default ['0.0.0.0/0'] */
  ingestAllowList: z
    .array(z.cidrv4('must be an IPv4 range such as 203.0.113.0/24'))
    .min(1)
    .max(50)
    .readonly()
    .default(['0.0.0.0/0']),
  /** Who checks stream keys: Headend (`keys`), or your own backend at `webhookUrl` (`webhook`). @default 'keys' */
  publishMode: z.enum(PUBLISH_MODES).default('keys'),
  /** The https URL of the backend that decides who may publish. @default none */
  webhookUrl: orNull(z.url({ protocol: /^https$/, error: 'must be an https URL' }).max(2000)),

  /**
   * An OpenID Connect provider at which people sign in at the studio, such as Cognito: `{ oidc: { issuer, clientId, clientSecretArn,
   * roleClaim, roles } }`. sign-in.ts explains each. Links of invitations and admin tokens go on working.
   * @default none: people sign in by links
   */
  signIn: orNull(signInSchema),

  /** The countries whose viewers are allowed or denied, by ISO 3166-1 alpha-2 code. @default every country may watch */
  geoRestriction: orNull(geoRestrictionSchema),
  /**
   * AWS WAF in front of CloudFront. It refuses addresses with a bad reputation and limits what one address may do. Needs
   * a `region`. It costs 0.60 US dollars for a million requests (2026), media included: a viewer's hour makes 28,800 of
   * them with latency `low` ($0.017) and 72,000 with `ultra` ($0.043). @default false
   */
  waf: z.boolean().default(false),
  /**
   * Page loads that one address may make within five minutes, and as many starts of playback with a viewer token. Raise
   * it if more viewers than this share an address, such as that of a campus. Media is not counted. Needs `waf`.
   * @default 2000
   */
  wafViewsPerFiveMinutes: z.int().min(100).max(2_000_000_000).default(DEFAULT_WAF_VIEWS),
  /**
   * Raise it after you have put a new value into the secret that CloudFront shows to the origin. The next deployment
   * hands the value to CloudFront. docs/operations.md has the steps. @default 1
   */
  edgeSecretVersion: z.int().min(1).max(1_000_000).default(1),
  /** CloudFront locations: `100` is North America and Europe, `200` adds Asia, Africa and the Middle East, `all` is the world. @default '100' */
  priceClass: z.enum(['100', '200', 'all']).default('100'),
  /** Region of CloudFront's Origin Shield, an extra cache before the origin: the nearest to `region`. @default none */
  originShieldRegion: orNull(
    z.enum(ORIGIN_SHIELD_REGIONS, {
      error: ({ input }) => `Origin Shield is not in ${input}; it is in ${ORIGIN_SHIELD_REGIONS.join(', ')}`,
    }),
  ),

  /** Days that logs are kept. It must be a retention period of CloudWatch Logs. @default 14 */
  logRetentionDays: retentionDaysSchema.default(14),
  /** Address that gets alarms and budget notices. AWS asks the address to confirm. @default none */
  alarmEmail: orNull(z.email('must be an e-mail address')),
  /** Budget of the whole AWS account: a notice at 80 %, and at a forecast of 100 %. Needs `alarmEmail`. @default none */
  monthlyBudgetUsd: orNull(z.number().positive().max(1_000_000)),
  /** CloudWatch Container Insights for the encoder tasks. It costs per metric. @default false */
  containerInsights: z.boolean().default(false),
  /** Allows `aws ecs execute-command` into tasks. @default false */
  ecsExec: z.boolean().default(false),
  /** What happens to tables, secrets and access logs when the stage is destroyed. @default 'destroy' */
  removalPolicy: z.enum(['destroy', 'retain']).default('destroy'),
});

/** Checks one stage and completes it. */
export const stageSchema = stageFieldsSchema
  .transform((stage) => ({
    ...stage,
    capacityVCpus: stage.capacityVCpus ?? taskCapacityVCpus(stage.task),
  }))
  .readonly();

/** One deployment of Headend as it is written in stages.ts: everything except the name is optional. */
export type StageConfig = z.input<typeof stageSchema>;

/** The same deployment with every default filled in. An optional field without a default is null. */
export type ResolvedStage = z.output<typeof stageSchema>;
