import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/**
 * A DynamoDB document client that gives up early: a publish waits for two reads in turn and must be answered well within
 * the 6 s of the ingest-auth client, retries included. Region, credentials and endpoint are the SDK's standard variables.
 */
export function createDocumentClient(): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 300, requestTimeout: 500, throwOnRequestTimeout: true },
  });
  return DynamoDBDocumentClient.from(client);
}

/** A Lambda client whose calls are bounded by their own abort signal, so that a cold start has the whole of it. */
export function createLambdaClient(): LambdaClient {
  return new LambdaClient({ maxAttempts: 2, requestHandler: { connectionTimeout: 500 } });
}

/** An EventBridge client whose calls are bounded by their own abort signal. */
export function createEventBridgeClient(): EventBridgeClient {
  return new EventBridgeClient({ maxAttempts: 3, requestHandler: { connectionTimeout: 1_000 } });
}
