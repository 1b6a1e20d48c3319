import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  PutCommand,
  type PutCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';

/** What an update does to an item, and on which condition. */
export type ConditionalUpdate = Pick<
  UpdateCommandInput,
  'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeValues'
>;

/** Puts an item on a condition. Resolves to false if the condition fails. Rejects with any other error. */
export async function putIf(client: DynamoDBDocumentClient, put: PutCommandInput): Promise<boolean> {
  return (await unlessConditionFails(client.send(new PutCommand(put)))) !== null;
}

/**
 * Updates an item on a condition. Resolves to the attributes that `ReturnValues` asks for, or to null if the condition
 * fails. Rejects with any other error, and when `signal` aborts.
 */
export async function updateIf(
  client: DynamoDBDocumentClient,
  update: UpdateCommandInput,
  signal?: AbortSignal,
): Promise<Record<string, unknown> | null> {
  const options = signal === undefined ? {} : { abortSignal: signal };
  const output = await unlessConditionFails(client.send(new UpdateCommand(update), options));
  return output && (output.Attributes ?? {});
}

async function unlessConditionFails<Output>(write: Promise<Output>): Promise<Output | null> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return null;
    throw error;
  }
}
