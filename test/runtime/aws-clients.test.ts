import { createServer } from 'node:http';
import { TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { createDocumentClient } from '#runtime/aws-clients.ts';
import { INGEST_AUTH_TIMEOUT_MS } from '#runtime/ingest-auth-client.ts';
import { createStreamStore } from '#runtime/stream-store.ts';
import { useLocalAws } from '#scripts/local/aws-environment.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';

/** They run one after the other. */
const READS_OF_A_DECISION = 2;

test('the client gives up on a DynamoDB that never answers after one retry', async () => {
  let requests = 0;
  const silent = await listenOnLoopback(
    createServer(() => {
      requests += 1;
    }),
  );
  useLocalAws(process.env, { dynamoDbUrl: silent.url, lambdaUrl: silent.url, cloudFrontUrl: silent.url });
  const client = createDocumentClient();
  const store = createStreamStore({ client, tables: TEST_TABLES });
  await expect(store.findByKeyHash('hash')).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(requests).toBe(2);
  // The declared type is a union with the browser's handler, which has no such limits.
  const handler = client.config.requestHandler as unknown as {
    httpHandlerConfigs(): Record<string, number | undefined>;
  };
  const { connectionTimeout = Infinity, requestTimeout = Infinity } = handler.httpHandlerConfigs();
  const longestMs = READS_OF_A_DECISION * requests * (connectionTimeout + requestTimeout);
  expect(longestMs).toBeLessThan(INGEST_AUTH_TIMEOUT_MS);
  client.destroy();
  await silent.close();
});
