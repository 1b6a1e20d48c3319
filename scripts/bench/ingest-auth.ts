import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { generateSecret, hashSecret } from '#domain/stream-ids.ts';
import { createHandler } from '#functions/ingest-auth/create-handler.ts';
import { createKeyAuthority } from '#functions/ingest-auth/key-authority.ts';
import { makeStreamRecord } from '#kit/stream-record.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { createStreamStore } from '#runtime/stream-store.ts';
import type { BenchContext, Benchmark, Figures } from './bench-context.ts';
import { percentile } from './latency-summary.ts';

const WARM_UP_DECISIONS = 300;
const DECISIONS = 2_000;
const SOURCE_ADDRESS = '192.0.2.1';

/**
 * The time that a warm ingest-auth function takes to decide, one publish after another, with DynamoDB on this machine.
 */
export const ingestAuth: Benchmark = {
  name: 'ingest-auth',
  targets: { allowP99Ms: { below: 10 }, refuseP99Ms: { below: 10 } },
  run: async (context: BenchContext): Promise<Figures> => {
    const database = await startTemporaryDynamoDb();
    context.defer(() => database.close());
    const streams = createStreamStore({ client: database.client, tables: TEST_TABLES });
    const streamKey = generateSecret(randomBytes);
    await streams.create(makeStreamRecord({ keyHash: hashSecret(streamKey), allowedSources: ['192.0.2.0/24'] }));
    const authorise = createKeyAuthority({ streams, now: Date.now });
    const decide = createHandler({ authorise, log: pino({ enabled: false }) });

    const allowMs: number[] = [];
    const refuseMs: number[] = [];
    for (let decision = -WARM_UP_DECISIONS; decision < DECISIONS; decision++) {
      context.signal.throwIfAborted();
      const isKnown = decision % 2 === 0;
      const request = { streamKey: isKnown ? streamKey : generateSecret(randomBytes), sourceAddress: SOURCE_ADDRESS };
      const startMs = performance.now();
      const { allow } = await decide(request);
      const tookMs = performance.now() - startMs;
      if (allow !== isKnown) throw new Error(`a ${isKnown ? 'known' : 'unknown'} key was decided wrongly`);
      if (decision >= 0) (isKnown ? allowMs : refuseMs).push(tookMs);
    }
    return {
      allowP50Ms: percentile(allowMs, 50),
      allowP99Ms: percentile(allowMs, 99),
      refuseP50Ms: percentile(refuseMs, 50),
      refuseP99Ms: percentile(refuseMs, 99),
    };
  },
};
