/** One step of a price that falls with the quantity. */
export interface PriceTier {
  /** Units of the month from which on it applies. */
  readonly from: number;
  /** US dollars for `Price.per` units. */
  readonly usd: number;
}

/** What AWS asks for one kind of use, in us-east-1, at list price. */
export interface Price {
  /** In ascending order. The first begins at 0. */
  readonly tiers: readonly PriceTier[];
  /** The number of units that the price is for. */
  readonly per: number;
  /** What is counted. GB are decimal. */
  readonly unit: string;
  /** Units of each month that cost nothing, in every account and without an end. */
  readonly freePerMonth: number;
  /** AWS's page. */
  readonly source: string;
  /** Year and month of the figure, as in 2026-06. Null if what was read has no date. */
  readonly read: string | null;
  /** Whether the figure was found in a document. The others are from memory, because AWS's pages fill their tables by script. */
  readonly isConfirmed: boolean;
}

type Flat = Pick<Price, 'unit' | 'source' | 'read'> & { readonly per?: number; readonly isConfirmed?: boolean };

/** A price without tiers and without a free part, confirmed unless it says otherwise. */
const flat = (usd: number, { per = 1, isConfirmed = true, ...rest }: Flat): Price => ({
  ...rest,
  tiers: [{ from: 0, usd }],
  per,
  freePerMonth: 0,
  isConfirmed,
});

const FARGATE = 'https://aws.amazon.com/fargate/pricing/';
const BALANCERS = 'https://aws.amazon.com/elasticloadbalancing/pricing/';
const VPC = 'https://aws.amazon.com/vpc/pricing/';
const EC2 = 'https://aws.amazon.com/ec2/pricing/on-demand/';
const CLOUDFRONT = 'https://aws.amazon.com/cloudfront/pricing/';
const WAF = 'https://aws.amazon.com/waf/pricing/';
const CLOUDWATCH = 'https://aws.amazon.com/cloudwatch/pricing/';
const DYNAMODB = 'https://aws.amazon.com/dynamodb/pricing/on-demand/';
const LAMBDA = 'https://aws.amazon.com/lambda/pricing/';
const S3 = 'https://aws.amazon.com/s3/pricing/';
const MEDIALIVE =
  'https://docs.aws.amazon.com/solutions/latest/live-streaming-on-aws-with-amazon-s3/cost-example-2.html';
const MEDIAPACKAGE = 'https://aws.amazon.com/mediapackage/pricing/';
const IVS = 'https://aws.amazon.com/ivs/pricing/';

const MILLION = 1_000_000;

/** Every price that the planner uses. Nothing else in the project states one. */
export const PRICES = {
  fargateArmVCpu: flat(0.03238, { unit: 'vCPU-hour', source: FARGATE, read: null }),
  fargateArmGb: flat(0.00356, { unit: 'GB-hour', source: FARGATE, read: null }),
  fargateX86VCpu: flat(0.04048, { unit: 'vCPU-hour', source: FARGATE, read: '2026-06' }),
  fargateX86Gb: flat(0.004445, { unit: 'GB-hour', source: FARGATE, read: '2026-06' }),

  networkBalancer: flat(0.0225, { unit: 'hour', source: BALANCERS, read: '2026-05' }),
  networkBalancerCapacity: flat(0.006, { unit: 'NLCU-hour', source: BALANCERS, read: '2026-05' }),
  applicationBalancer: flat(0.0225, { unit: 'hour', source: BALANCERS, read: '2026-05' }),
  applicationBalancerCapacity: flat(0.008, { unit: 'LCU-hour', source: BALANCERS, read: '2026-05' }),
  natGateway: flat(0.045, { unit: 'hour', source: VPC, read: '2026-02' }),
  natGatewayGb: flat(0.045, { unit: 'GB', source: VPC, read: '2026-02' }),
  publicIpv4: flat(0.005, { unit: 'hour', source: VPC, read: '2026-02' }),
  /** Both ends pay, so a GB from one zone to another is two of these. */
  zoneTransferGb: flat(0.01, { unit: 'GB', source: EC2, read: '2026-04' }),

  /** To viewers in North America and Europe. */
  cloudFrontGb: {
    tiers: [
      { from: 0, usd: 0.085 },
      { from: 10_000, usd: 0.08 },
      { from: 50_000, usd: 0.06 },
      { from: 150_000, usd: 0.04 },
      { from: 500_000, usd: 0.03 },
      { from: 1_024_000, usd: 0.025 },
      { from: 5_120_000, usd: 0.02 },
    ],
    per: 1,
    unit: 'GB',
    freePerMonth: 1_000,
    source: CLOUDFRONT,
    read: null,
    isConfirmed: true,
  },
  cloudFrontRequests: {
    ...flat(0.01, { per: 10_000, unit: 'request', source: CLOUDFRONT, read: '2026-06' }),
    freePerMonth: 10 * MILLION,
  },
  cloudFrontFunction: {
    ...flat(0.1, { per: MILLION, unit: 'call', source: CLOUDFRONT, read: '2026-06' }),
    freePerMonth: 2 * MILLION,
  },
  cloudFrontKeyRead: {
    ...flat(0.03, { per: MILLION, unit: 'read', source: CLOUDFRONT, read: null, isConfirmed: false }),
    freePerMonth: 2 * MILLION,
  },
  originShield: flat(0.0075, { per: 10_000, unit: 'request', source: CLOUDFRONT, read: null, isConfirmed: false }),
  webAcl: flat(5, { unit: 'month', source: WAF, read: '2026' }),
  firewallRule: flat(1, { unit: 'month', source: WAF, read: '2026' }),
  firewallRequests: flat(0.6, { per: MILLION, unit: 'request', source: WAF, read: '2026' }),

  customMetric: flat(0.3, { unit: 'metric-month', source: CLOUDWATCH, read: '2026-02' }),
  alarmMetric: flat(0.1, { unit: 'metric-month', source: CLOUDWATCH, read: null }),
  dashboard: flat(3, { unit: 'month', source: CLOUDWATCH, read: '2026-06' }),
  logGb: flat(0.5, { unit: 'GB', source: CLOUDWATCH, read: '2026-06' }),
  secret: flat(0.4, { unit: 'month', source: 'https://aws.amazon.com/secrets-manager/pricing/', read: '2026-09' }),

  dynamoDbWrite: flat(0.625, { per: MILLION, unit: 'write unit', source: DYNAMODB, read: '2025-07' }),
  dynamoDbRead: flat(0.125, { per: MILLION, unit: 'read unit', source: DYNAMODB, read: '2025-07' }),
  lambdaRequest: flat(0.2, { per: MILLION, unit: 'call', source: LAMBDA, read: null }),
  lambdaGbSecond: flat(0.0000133334, { unit: 'GB-second', source: LAMBDA, read: null }),
  httpApi: flat(1, {
    per: MILLION,
    unit: 'request',
    source: 'https://aws.amazon.com/api-gateway/pricing/',
    read: '2026',
  }),
  customEvent: flat(1, {
    per: MILLION,
    unit: 'event',
    source: 'https://aws.amazon.com/eventbridge/pricing/',
    read: '2026-06',
  }),
  s3Gb: flat(0.023, { unit: 'GB-month', source: S3, read: null }),
  s3Put: flat(0.005, { per: 1_000, unit: 'request', source: S3, read: null }),
  s3Get: flat(0.0004, { per: 1_000, unit: 'request', source: S3, read: null }),

  mediaLiveHdInput: flat(0.294, { unit: 'hour', source: MEDIALIVE, read: null }),
  mediaLiveSdOutput: flat(0.354, { unit: 'hour', source: MEDIALIVE, read: null }),
  mediaLiveHdOutput: flat(0.702, { unit: 'hour', source: MEDIALIVE, read: null }),
  mediaPackageIngestGb: flat(0.03, { unit: 'GB', source: MEDIAPACKAGE, read: null, isConfirmed: false }),
  mediaPackageOutputGb: flat(0.05, { unit: 'GB', source: MEDIAPACKAGE, read: null, isConfirmed: false }),
  ivsInput: flat(2, { unit: 'hour', source: IVS, read: null, isConfirmed: false }),
  ivsSdOutput: flat(0.0375, { unit: 'viewer-hour', source: IVS, read: null, isConfirmed: false }),
  ivsHdOutput: flat(0.075, { unit: 'viewer-hour', source: IVS, read: null, isConfirmed: false }),
  ivsFullHdOutput: flat(0.15, { unit: 'viewer-hour', source: IVS, read: null, isConfirmed: false }),
} as const satisfies Record<string, Price>;

export type PriceName = keyof typeof PRICES;

/** The price of a name, with all fields. */
export const priceOf = (name: PriceName): Price => PRICES[name];
