import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';

/** How long CloudFront may take to answer, including retries, in milliseconds. */
const CALL_TIMEOUT_MS = 4_000;

/** What to remove from the CDN's caches. */
export interface NewInvalidation {
  /** A wildcard may be at the end of each. */
  readonly paths: readonly string[];
  /** Requests with the same reference are one invalidation. */
  readonly reference: string;
}

/** Removes files from the CDN's caches. Both methods reject if the CDN does not answer, or refuses. */
export interface Invalidations {
  /** Asks for an invalidation, and resolves to its id. */
  create(invalidation: NewInvalidation): Promise<string>;
  /** Whether an invalidation has reached all caches. Null if there is none with this id. */
  isCompleted(id: string): Promise<boolean | null>;
}

/**
 * Invalidations of one CloudFront distribution. The SDK is loaded on demand, so that no cold start but that of a purge
 * pays for it.
 */
export function createInvalidations(distributionId: string): Invalidations {
  let opened: Promise<CloudFrontClient> | null = null;
  const open = (): Promise<CloudFrontClient> => (opened ??= createClient());

  return {
    create: async ({ paths, reference }) => {
      const client = await open();
      const { CreateInvalidationCommand } = await import('@aws-sdk/client-cloudfront');
      const command = new CreateInvalidationCommand({
        DistributionId: distributionId,
        InvalidationBatch: {
          CallerReference: reference,
          Paths: { Quantity: paths.length, Items: [...paths] },
        },
      });
      const { Invalidation } = await client.send(command, { abortSignal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
      if (Invalidation?.Id === undefined) throw new Error('CloudFront gave the invalidation no id');
      return Invalidation.Id;
    },
    isCompleted: async (id) => {
      const client = await open();
      const { GetInvalidationCommand, NoSuchInvalidation } = await import('@aws-sdk/client-cloudfront');
      const command = new GetInvalidationCommand({ DistributionId: distributionId, Id: id });
      try {
        const { Invalidation } = await client.send(command, { abortSignal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
        return Invalidation?.Status === 'Completed';
      } catch (error) {
        if (error instanceof NoSuchInvalidation) return null;
        throw error;
      }
    },
  };
}

async function createClient(): Promise<CloudFrontClient> {
  const { CloudFrontClient } = await import('@aws-sdk/client-cloudfront');
  return new CloudFrontClient({ maxAttempts: 2, requestHandler: { connectionTimeout: 1_000 } });
}
