import { createServer } from 'node:http';
import { createDocumentClient } from '../../lib/runtime/aws-clients.ts';
import { createStreamStore } from '../../lib/runtime/stream-store.ts';
import { useLocalAws } from '../../scripts/local/aws-environment.ts';
import { listenOnLoopback } from '../../scripts/local/loopback-server.ts';
import { TEST_TABLES } from '../support/temporary-dynamodb.ts';

test('a DynamoDB that never answers is given up after one retry', async () => {
  let requests = 0;
  const silent = await listenOnLoopback(
    createServer(() => {
      requests += 1;
    }),
  );
  useLocalAws(process.env, { dynamoDbUrl: silent.url, lambdaUrl: silent.url });
  const client = createDocumentClient();
  const store = createStreamStore({ client, tables: TEST_TABLES });
  await expect(store.findByKeyHash('hash')).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(requests).toBe(2);
  client.destroy();
  await silent.close();
});
