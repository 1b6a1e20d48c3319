import { z } from 'zod';
import { codecsProblem, VIDEO_CODECS } from '#domain/video-codecs.ts';

/** An optional field without a default: null in a resolved stage if it is left out. */
export const orNull = <Schema extends z.ZodType>(schema: Schema) =>
  schema.optional().transform((value) => value ?? null);

/** AWS's quota of tasks in one service. It mainly catches typing errors. */
const TASK_QUOTA = 200;

/** A number of tasks, at least `least`. */
export const taskCountSchema = (least: number) => z.int().min(least).max(TASK_QUOTA);

const domainNameSchema = z
  .string()
  .max(253)
  .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, 'must be a domain name such as live.example.com');

/** A domain name and its certificate in AWS Certificate Manager. */
export const domainSchema = z
  .strictObject({
    /** For example `live.example.com`. */
    domainName: domainNameSchema,
    /** ARN. CloudFront takes certificates from us-east-1 only; all others must be in the stage's own region. */
    certificateArn: z
      .string()
      .regex(/^arn:aws:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/, 'must be the ARN of an ACM certificate'),
  })
  .readonly();

/** The Route 53 hosted zone that gets the DNS records of the stage's domains. */
export const dnsZoneSchema = z
  .strictObject({
    hostedZoneId: z.string().regex(/^Z[A-Z0-9]{1,31}$/),
    /** For example `example.com`. Every domain of the stage must be in this zone. */
    zoneName: domainNameSchema,
  })
  .readonly();

/** The stage's private IPv4 range. */
export const vpcCidrSchema = z.cidrv4('must be an IPv4 range such as 10.64.0.0/16').refine((cidr) => {
  const bits = Number(cidr.split('/')[1]);
  return bits >= 16 && bits <= 22;
}, 'must be a /16 to /22');

const zoneNameSchema = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/);

/** The number of availability zones, or their names. */
export const availabilityZonesSchema = z.union(
  [z.int().min(2).max(6), z.array(zoneNameSchema).min(2).max(6).readonly()],
  {
    error: 'must be a number of zones from 2 to 6 or a list of names such as us-east-1a',
  },
);

/** Task sizes of AWS Fargate: the GiB of memory that each number of vCPUs allows (ECS developer guide, "Task size"). */
const FARGATE_SIZES = [
  { vCpus: 1, minGib: 2, maxGib: 8, stepGib: 1 },
  { vCpus: 2, minGib: 4, maxGib: 16, stepGib: 1 },
  { vCpus: 4, minGib: 8, maxGib: 30, stepGib: 1 },
  { vCpus: 8, minGib: 16, maxGib: 60, stepGib: 4 },
  { vCpus: 16, minGib: 32, maxGib: 120, stepGib: 8 },
] as const;

/** The size of an encoder task. Fargate must offer it. */
export const taskSizeSchema = z
  .strictObject({ vCpus: z.number(), memoryGib: z.number() })
  .readonly()
  .refine(isFargateSize, `must be a Fargate size: ${FARGATE_SIZES.map(toText).join(', ')}`);

function toText({ vCpus, minGib, maxGib }: (typeof FARGATE_SIZES)[number]): string {
  return `${vCpus} vCPU with ${minGib} to ${maxGib} GiB`;
}

function isFargateSize({ vCpus, memoryGib }: { readonly vCpus: number; readonly memoryGib: number }): boolean {
  const size = FARGATE_SIZES.find((candidate) => candidate.vCpus === vCpus);
  if (size === undefined) return false;
  const { minGib, maxGib, stepGib } = size;
  return memoryGib >= minGib && memoryGib <= maxGib && (memoryGib - minGib) % stepGib === 0;
}

/** A different minimum of tasks from a given time on, for events that are known beforehand. */
export const scheduledMinimumSchema = z
  .strictObject({
    /** An AWS schedule expression: `cron(0 17 ? * FRI *)` or `at(2027-05-01T17:00:00)`. */
    schedule: z.string().regex(/^(cron|at)\(.+\)$/, 'must be cron(…) or at(…)'),
    /** An IANA time zone. @default 'UTC' */
    timeZone: z.string().refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin').default('UTC'),
    /** Replaces the stage's `minTasks` until the next schedule. */
    minTasks: taskCountSchema(0),
  })
  .readonly();

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== null;
  } catch {
    return false;
  }
}

/** What the rungs of a ladder are encoded in. */
export const codecsSchema = z
  .array(z.enum(VIDEO_CODECS, { error: ({ input }) => `${String(input)} is not among ${VIDEO_CODECS.join(', ')}` }))
  .min(1)
  .readonly()
  .superRefine((codecs, context) => {
    const problem = codecsProblem(codecs);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });

const countriesSchema = z
  .array(z.string().regex(/^[A-Z]{2}$/, 'must be a country code such as DE'))
  .min(1)
  .readonly();

/** The countries whose viewers are allowed or denied, by ISO 3166-1 alpha-2 code. */
export const geoRestrictionSchema = z.union([
  z.strictObject({ allow: countriesSchema }).readonly(),
  z.strictObject({ deny: countriesSchema }).readonly(),
]);

/** Retention periods that CloudWatch Logs offers (API reference, PutRetentionPolicy). */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** A retention period of CloudWatch Logs, in days. */
export const retentionDaysSchema = z
  .int()
  .refine((days) => RETENTION_DAYS.includes(days), `must be one of ${RETENTION_DAYS.join(', ')}`);
