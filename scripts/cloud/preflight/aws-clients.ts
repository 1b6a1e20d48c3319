import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { CloudFront } from '@aws-sdk/client-cloudfront';
import { EC2 } from '@aws-sdk/client-ec2';
import { ServiceQuotas } from '@aws-sdk/client-service-quotas';
import { STS } from '@aws-sdk/client-sts';
import { CLOUDFRONT_REGION } from '#config/regions.ts';
import { UserError } from '#scripts/terminal/errors.ts';

/** The AWS APIs that the checks ask, in the region of a stage. */
export interface AwsClients {
  readonly region: string;
  readonly sts: STS;
  readonly ec2: EC2;
  readonly cloudFormation: CloudFormation;
  readonly cloudFront: CloudFront;
  readonly quotas: ServiceQuotas;
  /** For the quotas of global services. */
  readonly globalQuotas: ServiceQuotas;
  /** Releases the connections. */
  close(): void;
}

export interface AwsClientsOptions {
  /** The stage's region. Null for the region of the AWS profile. */
  readonly region: string | null;
  /** Null leaves the choice to the SDK. */
  readonly profile: string | null;
  readonly env: NodeJS.ProcessEnv;
}

/** The variables that the CDK CLI reads the region from, in its order. The SDK knows only the first. */
const REGION_VARIABLES = ['AWS_REGION', 'AMAZON_REGION', 'AWS_DEFAULT_REGION', 'AMAZON_DEFAULT_REGION'];

/** Makes clients with the deployer's credentials. Rejects with a UserError if nothing says which region is meant. */
export async function openAwsClients({ region, profile, env }: AwsClientsOptions): Promise<AwsClients> {
  const fromEnvironment = REGION_VARIABLES.map((name) => env[name]).find(
    (value) => value !== undefined && value !== '',
  );
  const known = region ?? fromEnvironment;
  const options = {
    ...(known === undefined ? {} : { region: known }),
    ...(profile === null ? {} : { profile }),
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
  };
  const global = { ...options, region: CLOUDFRONT_REGION };
  const clients = {
    sts: new STS(options),
    ec2: new EC2(options),
    cloudFormation: new CloudFormation(options),
    cloudFront: new CloudFront(global),
    quotas: new ServiceQuotas(options),
    globalQuotas: new ServiceQuotas(global),
  };
  return {
    ...clients,
    region: await clients.ec2.config.region().catch((error: unknown) => {
      throw new UserError(
        'No region is known. Give the stage a region in lib/config/stages.ts, set AWS_REGION, or set region in your AWS profile.',
        { cause: error },
      );
    }),
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}
