import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';

/**
 * Updates an item on a condition. Resolves to the attributes that `ReturnValues` asks for, or to null where the condition
 * fails. Any other error rejects, and so does `signal`.
 */
export async function updateIf(
  client: DynamoDBDocumentClient,
  update: UpdateCommandInput,
  signal?: AbortSignal,
): Promise<Record<string, unknown> | null> {
  try {
    const options = signal === undefined ? {} : { abortSignal: signal };
    const { Attributes } = await client.send(new UpdateCommand(update), options);
    return Attributes ?? {};
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return null;
    throw error;
  }
}
