import {
  CloudFrontClient,
  CreateInvalidationCommand,
  GetInvalidationCommand,
  InconsistentQuantities,
  InvalidArgument,
  NoSuchDistribution,
  NoSuchInvalidation,
} from '@aws-sdk/client-cloudfront';
import { pino } from 'pino';
import { createInvalidations } from '#functions/control-api/invalidations.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION, useLocalAws } from '#scripts/local/aws-environment.ts';
import { LOCAL_DISTRIBUTION_ID, startLocalCloudFront } from '#scripts/local/cloudfront.ts';
import type { ListeningServer } from '#scripts/local/http-server.ts';

let server: ListeningServer;
let client: CloudFrontClient;
const invalidated: string[] = [];

beforeAll(async () => {
  const cache = { invalidate: (path: string) => void invalidated.push(path) };
  server = await startLocalCloudFront({ cache, log: pino({ enabled: false }) });
  const access = { region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS, maxAttempts: 1 };
  client = new CloudFrontClient({ ...access, endpoint: server.url });
  useLocalAws(process.env, { dynamoDbUrl: server.url, lambdaUrl: server.url, cloudFrontUrl: server.url });
});
beforeEach(() => {
  invalidated.length = 0;
});
afterAll(async () => {
  client.destroy();
  await server.close();
});

let references = 0;
const create = (
  items: readonly string[],
  changes: { reference?: string; distribution?: string; quantity?: number } = {},
) =>
  client.send(
    new CreateInvalidationCommand({
      DistributionId: changes.distribution ?? LOCAL_DISTRIBUTION_ID,
      InvalidationBatch: {
        CallerReference: changes.reference ?? `reference ${references++}`,
        Paths: { Quantity: changes.quantity ?? items.length, Items: [...items] },
      },
    }),
  );
const get = (id: string | undefined) =>
  client.send(new GetInvalidationCommand({ DistributionId: LOCAL_DISTRIBUTION_ID, Id: id }));

test('an invalidation takes its paths, is in progress at first, and completed at the next look', async () => {
  const batch = { CallerReference: 'a<&>"\'', Paths: { Quantity: 2, Items: ['/live/a/*', '/x&y'] } };
  const { Invalidation } = await create(batch.Paths.Items, { reference: batch.CallerReference });
  expect(Invalidation).toMatchObject({ Status: 'InProgress', InvalidationBatch: batch, CreateTime: expect.any(Date) });
  expect(invalidated).toEqual(['/live/a/*', '/x&y']);
  expect((await get(Invalidation?.Id)).Invalidation).toMatchObject({ Status: 'Completed', InvalidationBatch: batch });
});

test('a request with the reference of another one is that one, or is refused if it asks for something else', async () => {
  const first = await create(['/a'], { reference: 'same' });
  const second = await create(['/a'], { reference: 'same' });
  expect(second.Invalidation?.Id).toBe(first.Invalidation?.Id);
  expect(invalidated).toEqual(['/a']);
  await expect(create(['/b'], { reference: 'same' })).rejects.toThrow(InvalidArgument);
});

test('what CloudFront refuses is refused', async () => {
  await expect(create(['/a'], { distribution: 'OTHER' })).rejects.toThrow(NoSuchDistribution);
  await expect(create(['/a/*/b'])).rejects.toThrow(InvalidArgument);
  await expect(create(['a'])).rejects.toThrow(InvalidArgument);
  await expect(create(['/a'], { quantity: 2 })).rejects.toThrow(InconsistentQuantities);
  await expect(get('unknown')).rejects.toThrow(NoSuchInvalidation);
  expect(invalidated).toEqual([]);
});

test('a request that is not signed with the secret of this start is refused', async () => {
  const path = `/2020-05-31/distribution/${LOCAL_DISTRIBUTION_ID}/invalidation`;
  const body =
    '<Paths><Quantity>1</Quantity><Items><Path>/*</Path></Items></Paths><CallerReference>x</CallerReference>';
  expect((await fetch(`${server.url}${path}`, { method: 'POST', body })).status).toBe(403);
  expect(invalidated).toEqual([]);
});

test('the control API creates invalidations, and knows when they are completed', async () => {
  const invalidations = createInvalidations(LOCAL_DISTRIBUTION_ID);
  const id = await invalidations.create({ paths: ['/live/a/*'], reference: 'purge' });
  expect(invalidated).toEqual(['/live/a/*']);
  expect(await invalidations.create({ paths: ['/live/a/*'], reference: 'purge' })).toBe(id);
  expect(await invalidations.isCompleted(id)).toBe(true);
  expect(await invalidations.isCompleted('unknown')).toBeNull();
  await expect(createInvalidations('OTHER').create({ paths: ['/a'], reference: 'b' })).rejects.toThrow(
    NoSuchDistribution,
  );
});
