import { z } from 'zod';
import { PUBLISH_MODES } from '#domain/environment.ts';
import { LADDER_NAMES } from '#domain/ladders.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { PLAYBACK_MODES } from '#domain/playback-ids.ts';
import { REGIONS } from './regions.ts';
import type { StageConfig } from './stage-config.ts';

/** Task sizes of AWS Fargate: GiB of memory that go with a number of vCPUs (ECS developer guide, "Task size"). */
const FARGATE_SIZES = [
  { vCpus: 1, minGib: 2, maxGib: 8, stepGib: 1 },
  { vCpus: 2, minGib: 4, maxGib: 16, stepGib: 1 },
  { vCpus: 4, minGib: 8, maxGib: 30, stepGib: 1 },
  { vCpus: 8, minGib: 16, maxGib: 60, stepGib: 4 },
  { vCpus: 16, minGib: 32, maxGib: 120, stepGib: 8 },
] as const;

/** CloudWatch Logs API reference, PutRetentionPolicy. */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
const PRICE_CLASSES = ['100', '200', 'all'] as const;
const COUNTRY = z.string().regex(/^[A-Z]{2}$/, 'must be a country code such as DE');
/** AWS quota of tasks a service; a smaller figure is a typing error caught early. */
const MOST_TASKS = 200;

const domainNameSchema = z
  .string()
  .max(253)
  .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, 'must be a domain name such as live.example.com');

const domainSchema = z.strictObject({
  domainName: domainNameSchema,
  certificateArn: z
    .string()
    .regex(/^arn:aws:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/, 'must be the ARN of an ACM certificate'),
});

const taskSchema = z
  .strictObject({ vCpus: z.number(), memoryGib: z.number() })
  .refine(
    isFargateSize,
    `must be a size of Fargate: ${FARGATE_SIZES.map(({ vCpus, minGib, maxGib }) => `${vCpus} vCPU with ${minGib} to ${maxGib} GiB`).join(', ')}`,
  );

const scheduledMinimumSchema = z.strictObject({
  schedule: z.string().regex(/^(cron|at)\(.+\)$/, 'must be cron(…) or at(…)'),
  timeZone: z.exactOptional(z.string().refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin')),
  minTasks: z.int().min(0).max(MOST_TASKS),
});

/** Form of each field by itself; what fields mean together is for `stageProblems`. */
export const stageSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,18}[a-z0-9]$/, 'must be 2 to 20 lower-case letters, digits and hyphens'),
  account: z.exactOptional(z.string().regex(/^\d{12}$/, 'must be 12 digits')),
  region: z.exactOptional(z.enum(REGIONS, 'must be a region with CloudFront VPC origins, such as eu-central-1')),
  viewerDomain: z.exactOptional(domainSchema),
  ingestDomain: z.exactOptional(domainSchema),
  apiDomain: z.exactOptional(domainSchema),
  dnsZone: z.exactOptional(
    z.strictObject({ hostedZoneId: z.string().regex(/^Z[A-Z0-9]{1,31}$/), zoneName: domainNameSchema }),
  ),
  vpcCidr: z.exactOptional(
    z.cidrv4('must be an IPv4 range such as 10.64.0.0/16').refine((cidr) => {
      const bits = Number(cidr.split('/')[1]);
      return bits >= 16 && bits <= 22;
    }, 'must be a /16 to /22'),
  ),
  availabilityZones: z.exactOptional(
    z.union(
      [
        z.int().min(2).max(6),
        z
          .array(z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/))
          .min(2)
          .max(6),
      ],
      {
        error: 'must be a number of zones from 2 to 6 or a list of names such as us-east-1a',
      },
    ),
  ),
  egress: z.exactOptional(z.enum(['public-ip', 'nat'])),
  task: z.exactOptional(taskSchema),
  streamsPerTask: z.exactOptional(z.int().min(1).max(100)),
  minTasks: z.exactOptional(z.int().min(1).max(MOST_TASKS)),
  maxTasks: z.exactOptional(z.int().min(1).max(MOST_TASKS)),
  scheduledMinimums: z.exactOptional(z.array(scheduledMinimumSchema).max(50)),
  ladder: z.exactOptional(z.enum(LADDER_NAMES)),
  latency: z.exactOptional(z.enum(LATENCY_NAMES)),
  playback: z.exactOptional(z.enum(PLAYBACK_MODES)),
  reconnectWindowSeconds: z.exactOptional(z.int().min(0).max(600)),
  ingestAllowList: z.exactOptional(z.array(z.cidrv4('must be an IPv4 range such as 203.0.113.0/24')).min(1).max(50)),
  publishMode: z.exactOptional(z.enum(PUBLISH_MODES)),
  webhookUrl: z.exactOptional(z.url({ protocol: /^https$/, error: 'must be an https URL' }).max(2000)),
  geoRestriction: z.exactOptional(
    z.union([z.strictObject({ allow: z.array(COUNTRY).min(1) }), z.strictObject({ deny: z.array(COUNTRY).min(1) })]),
  ),
  waf: z.exactOptional(z.boolean()),
  wafRequestsPerFiveMinutes: z.exactOptional(z.int().min(10).max(2_000_000_000)),
  priceClass: z.exactOptional(z.enum(PRICE_CLASSES)),
  originShieldRegion: z.exactOptional(z.string()),
  logRetentionDays: z.exactOptional(
    z.int().refine((days) => RETENTION_DAYS.includes(days), `must be one of ${RETENTION_DAYS.join(', ')}`),
  ),
  alarmEmail: z.exactOptional(z.email('must be an e-mail address')),
  monthlyBudgetUsd: z.exactOptional(z.number().positive().max(1_000_000)),
  containerInsights: z.exactOptional(z.boolean()),
  ecsExec: z.exactOptional(z.boolean()),
  removalPolicy: z.exactOptional(z.enum(['destroy', 'retain'])),
}) satisfies z.ZodType<StageConfig>;

function isFargateSize({ vCpus, memoryGib }: { vCpus: number; memoryGib: number }): boolean {
  const size = FARGATE_SIZES.find((candidate) => candidate.vCpus === vCpus);
  if (size === undefined) return false;
  const { minGib, maxGib, stepGib } = size;
  return memoryGib >= minGib && memoryGib <= maxGib && (memoryGib - minGib) % stepGib === 0;
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== null;
  } catch {
    return false;
  }
}
