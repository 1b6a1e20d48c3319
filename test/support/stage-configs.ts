import type { StageConfig } from '#config/stage-config.ts';
import { STAGES } from '#config/stages.ts';

const ACCOUNT = '1'.repeat(12);
const certificate = (region: string): string => `arn:aws:acm:${region}:${ACCOUNT}:certificate/of-a-test`;

/** A stage with every option set, in a region other than CloudFront's. */
export const EVERY_OPTION: StageConfig = {
  name: 'every-option',
  account: ACCOUNT,
  region: 'eu-central-1',
  viewerDomain: { domainName: 'live.example.com', certificateArn: certificate('us-east-1') },
  ingestDomain: { domainName: 'ingest.example.com', certificateArn: certificate('eu-central-1') },
  apiDomain: { domainName: 'api.example.com', certificateArn: certificate('eu-central-1') },
  dnsZone: { hostedZoneId: 'Z0123456789', zoneName: 'example.com' },
  vpcCidr: '10.1.0.0/20',
  availabilityZones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
  egress: 'nat',
  task: { vCpus: 8, memoryGib: 16 },
  cpuArchitecture: 'x86_64',
  capacityVCpus: 6.5,
  minTasks: 2,
  maxTasks: 9,
  scheduledMinimums: [
    { schedule: 'cron(0 17 ? * FRI *)', timeZone: 'Europe/Berlin', minTasks: 4 },
    { schedule: 'cron(0 23 ? * FRI *)', minTasks: 2 },
  ],
  drainMinutes: 0,
  ladder: '1080p',
  latency: 'ultra',
  playback: 'public',
  reconnectWindowSeconds: 60,
  slate: false,
  slateImage: 'docs/watch-page.jpg',
  plainRtmp: false,
  ingestAllowList: ['198.51.100.0/24', '203.0.113.7/32'],
  publishMode: 'webhook',
  webhookUrl: 'https://backend.example.com/publish',
  signIn: {
    oidc: {
      issuer: 'https://accounts.example.com',
      clientId: 'studio',
      clientSecretArn: `arn:aws:secretsmanager:eu-central-1:${ACCOUNT}:secret:of-a-test-AbCdEf`,
      roleClaim: 'groups',
      roles: { owner: ['staff'], broadcaster: ['crew'] },
    },
  },
  geoRestriction: { allow: ['DE', 'AT'] },
  waf: true,
  wafViewsPerFiveMinutes: 5_000,
  priceClass: 'all',
  originShieldRegion: 'eu-central-1',
  edgeSecretVersion: 2,
  logRetentionDays: 30,
  alarmEmail: 'ops@example.com',
  monthlyBudgetUsd: 500,
  containerInsights: true,
  ecsExec: true,
  removalPolicy: 'retain',
};

/** A stage that takes both RTMP and RTMPS. */
export const BOTH_PROTOCOLS: StageConfig = {
  name: 'both-protocols',
  region: 'eu-central-1',
  ingestDomain: { domainName: 'ingest.example.com', certificateArn: certificate('eu-central-1') },
};

/** The stages that tests synthesize: those in stages.ts, and one with every option set. */
export const TESTED_STAGES: readonly StageConfig[] = [...STAGES, EVERY_OPTION];
