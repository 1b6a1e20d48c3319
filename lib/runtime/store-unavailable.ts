/** The store's answer was incomplete. Another try may succeed. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** Errors that DynamoDB calls the client's fault although they are about load (API reference, "Error handling"). */
const THROTTLING_ERRORS = ['ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'ThrottlingException'];

/**
 * Whether a store's error means that the same call may succeed later, because DynamoDB can't be reached, fails or
 * throttles. All of the SDK's errors have `$metadata`, including network errors and errors about answers that are not
 * JSON.
 */
export function isStoreUnavailable(error: unknown): boolean {
  if (error instanceof StoreUnavailableError) return true;
  if (!(error instanceof Error) || !('$metadata' in error)) return false;
  const isClientFault = '$fault' in error && error.$fault === 'client';
  return !isClientFault || THROTTLING_ERRORS.includes(error.name);
}
