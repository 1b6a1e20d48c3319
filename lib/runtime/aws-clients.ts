import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/**
 * A DynamoDB document client that gives up early. A publish waits for two reads, one after the other, and the
 * ingest-auth client gives it 6 s, including retries. Region, credentials and endpoint come from the SDK's standard
 * variables.
 */
export function createDocumentClient(): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 300, requestTimeout: 500, throwOnRequestTimeout: true },
  });
  return DynamoDBDocumentClient.from(client);
}

/** A Lambda client. Each call sets its own abort signal, so that a cold start may take all of that time. */
export function createLambdaClient(): LambdaClient {
  return new LambdaClient({ maxAttempts: 2, requestHandler: { connectionTimeout: 500 } });
}

/** An EventBridge client. Each call sets its own abort signal. */
export function createEventBridgeClient(): EventBridgeClient {
  return new EventBridgeClient({ maxAttempts: 3, requestHandler: { connectionTimeout: 1_000 } });
}
