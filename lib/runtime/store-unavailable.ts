/** The store answered, but not to the end: another try may succeed. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** DynamoDB API reference, "Common errors" and "Error handling": what it calls the client's fault but is its own load. */
const THROTTLING_ERRORS = ['ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'ThrottlingException'];

/**
 * Whether an error of a store says that DynamoDB can't be reached, fails or is throttling, so that the same call may
 * succeed later. The SDK's errors all have `$metadata`, those of the network and of answers that are no JSON included.
 */
export function isStoreUnavailable(error: unknown): boolean {
  if (error instanceof StoreUnavailableError) return true;
  if (!(error instanceof Error) || !('$metadata' in error)) return false;
  const isClientFault = '$fault' in error && error.$fault === 'client';
  return !isClientFault || THROTTLING_ERRORS.includes(error.name);
}
