import { z } from 'zod';
import { UserError } from '#scripts/terminal/errors.ts';

/** The outputs of a deployed stage. */
export interface DeploymentOutputs {
  /** Null if the stage takes RTMPS only. One of both addresses is there. */
  readonly rtmpUrl: string | null;
  /** Null if the stage has no certificate for it. */
  readonly rtmpsUrl: string | null;
  readonly playbackBaseUrl: string;
  /** The origin's load balancer, which only CloudFront can reach. Null if the stacks are older than this output. */
  readonly originUrl: string | null;
  readonly apiUrl: string;
  readonly siteUrl: string;
  readonly adminTokensTable: string;
  /** Null if the stacks are older than this output. */
  readonly sessionsTable: string | null;
  /** ARNs of the secret and of the CloudFront key value store with the keys of viewer tokens. */
  readonly viewerTokenSecretArn: string;
  readonly viewerTokenStoreArn: string;
  /** The SNS topics of the alarms: one in the stage's region, and one in CloudFront's if that is another. */
  readonly alarmTopicArns: readonly string[];
  /** Region of the control API and its tables. */
  readonly region: string;
}

/** The file that `cdk deploy --outputs-file` writes: outputs by stack. */
const outputsSchema = z.record(z.string(), z.record(z.string(), z.string()));

const REQUIRED_OUTPUTS = [
  'PlaybackBaseUrl',
  'ApiUrl',
  'SiteUrl',
  'AdminTokensTable',
  'ViewerTokenSecretArn',
  'ViewerTokenStoreArn',
  'Region',
] as const;
const INGEST_OUTPUTS = ['RtmpUrl', 'RtmpsUrl'] as const;
const OPTIONAL_OUTPUTS = ['OriginUrl', 'SessionsTable'] as const;
type OptionalOutput = (typeof OPTIONAL_OUTPUTS)[number];
type OutputName = (typeof REQUIRED_OUTPUTS | typeof INGEST_OUTPUTS)[number] | OptionalOutput | 'AlarmTopicArn';

/** Finds the outputs by name in all stacks. Throws a UserError that lists the missing or ambiguous ones. */
export function parseDeploymentOutputs(text: string): DeploymentOutputs {
  const stacks = Object.entries(outputsSchema.parse(JSON.parse(text)));
  const valuesOf = (name: OutputName): string[] => [
    ...new Set(stacks.flatMap(([, outputs]) => (outputs[name] === undefined ? [] : [outputs[name]]))),
  ];
  const hasNone = (name: OutputName): boolean => valuesOf(name).length === 0;
  const missing = [...REQUIRED_OUTPUTS.filter(hasNone), ...(INGEST_OUTPUTS.every(hasNone) ? ['RtmpUrl'] : [])];
  if (missing.length > 0) throw new UserError(`The deployed stacks lack the outputs ${missing.join(', ')}.`);
  const single = [...REQUIRED_OUTPUTS, ...INGEST_OUTPUTS, ...OPTIONAL_OUTPUTS];
  const ambiguous = single.filter((name) => valuesOf(name).length > 1);
  if (ambiguous.length > 0) throw new UserError(`The deployed stacks differ in the outputs ${ambiguous.join(', ')}.`);
  const theValue = (name: OutputName): string => valuesOf(name)[0] ?? '';
  return {
    rtmpUrl: theValue('RtmpUrl') || null,
    rtmpsUrl: theValue('RtmpsUrl') || null,
    playbackBaseUrl: theValue('PlaybackBaseUrl'),
    originUrl: theValue('OriginUrl') || null,
    apiUrl: theValue('ApiUrl'),
    siteUrl: theValue('SiteUrl'),
    adminTokensTable: theValue('AdminTokensTable'),
    sessionsTable: theValue('SessionsTable') || null,
    viewerTokenSecretArn: theValue('ViewerTokenSecretArn'),
    viewerTokenStoreArn: theValue('ViewerTokenStoreArn'),
    alarmTopicArns: valuesOf('AlarmTopicArn'),
    region: theValue('Region'),
  };
}
