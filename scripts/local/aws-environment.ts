import { randomBytes } from 'node:crypto';
import { devNull } from 'node:os';
import { generateSecret } from '#domain/stream-ids.ts';

/** What the AWS SDK signs requests to the local services with. */
export interface LocalCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Where programs that are not this process's children get the secret from. Whoever has it may write admin tokens. */
export const LOCAL_SECRET_VARIABLE = 'LOCAL_AWS_SECRET';

/**
 * This process's own. The secret is a new one for every start, unless the environment has one that several processes
 * share. Every local service refuses requests that are not signed with it (`startAwsEndpoint`), so that neither another
 * user of the machine nor a page in a browser can use them.
 */
export const LOCAL_CREDENTIALS: LocalCredentials = {
  accessKeyId: 'local',
  secretAccessKey: process.env[LOCAL_SECRET_VARIABLE] || generateSecret(randomBytes),
};
export const LOCAL_REGION = 'us-east-1';

/** Base URLs of the local services. */
export interface LocalAwsEndpoints {
  readonly dynamoDbUrl: string;
  readonly lambdaUrl: string;
  readonly cloudFrontUrl: string;
}

/**
 * Points the AWS SDK of this process and its children to local services. Sets the SDK's standard variables in
 * `environment` and removes all other AWS variables, so that no real profile or account is used.
 */
export function useLocalAws(
  environment: NodeJS.ProcessEnv,
  { dynamoDbUrl, lambdaUrl, cloudFrontUrl }: LocalAwsEndpoints,
): void {
  for (const name of Object.keys(environment)) {
    if (name.startsWith('AWS_')) delete environment[name];
  }
  Object.assign(environment, {
    AWS_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    // Tests set this variable to a database that they can stop.
    AWS_ENDPOINT_URL_DYNAMODB: environment.LOCAL_DYNAMODB_URL ?? dynamoDbUrl,
    AWS_ENDPOINT_URL_LAMBDA: lambdaUrl,
    AWS_ENDPOINT_URL_CLOUDFRONT: cloudFrontUrl,
    // The SDK's notice about Node.js versions concerns Headend's developers, not its users.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
}
