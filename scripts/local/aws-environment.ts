import { devNull } from 'node:os';

/** The SDK signs with these; the local services look at no signature. */
export const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' } as const;
export const LOCAL_REGION = 'us-east-1';

/** Base URLs of the local services. */
export interface LocalAwsEndpoints {
  readonly dynamoDbUrl: string;
  readonly lambdaUrl: string;
}

/**
 * Points the AWS SDK of this process, and of those it starts, to local services: sets its standard variables in
 * `environment` and removes all others of AWS, so that nobody's profile or account plays a part.
 */
export function useLocalAws(environment: NodeJS.ProcessEnv, { dynamoDbUrl, lambdaUrl }: LocalAwsEndpoints): void {
  for (const name of Object.keys(environment)) {
    if (name.startsWith('AWS_')) delete environment[name];
  }
  Object.assign(environment, {
    AWS_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    // A test names a database of its own here, which it can take away.
    AWS_ENDPOINT_URL_DYNAMODB: environment.LOCAL_DYNAMODB_URL ?? dynamoDbUrl,
    AWS_ENDPOINT_URL_LAMBDA: lambdaUrl,
    // The SDK's advice on Node versions is for Headend's developers, not for who runs it.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
}
