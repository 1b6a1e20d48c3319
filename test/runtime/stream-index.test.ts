import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { makeStreamRecord } from '#kit/stream-record.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { createStreamIndex } from '#runtime/stream-index.ts';

type Database = Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
const { STREAMS_TABLE: TableName } = TEST_TABLES;
const stream = makeStreamRecord();

let database: Database;
beforeEach(async () => {
  database = await startTemporaryDynamoDb();
});
afterEach(() => database.close());

const find = (playbackId: string) =>
  createStreamIndex({ client: database.client, tables: TEST_TABLES }).find(playbackId);

test('a stream is found by the playback id that it has, until it is deleted', async () => {
  const put = (changes: object) => database.client.send(new PutCommand({ TableName, Item: { ...stream, ...changes } }));
  expect(await find(stream.playbackId)).toBeNull();
  await put({});
  expect(await find(stream.playbackId)).toEqual({ title: stream.title });
  await put({ playbackId: 'bbbbbbbbbbbbbbbb', formerPlaybackIds: [stream.playbackId], title: 'Another' });
  expect(await find(stream.playbackId)).toBeNull();
  expect(await find('bbbbbbbbbbbbbbbb')).toEqual({ title: 'Another' });
  await put({ deletedAt: '2026-01-02T03:04:05.000Z' });
  expect(await find(stream.playbackId)).toBeNull();
});

test.each(['', 't'])('a stream is found by the playback id of its preview too (%j)', async (prefix) => {
  const playbackId = `${prefix}abcdefghij234567`;
  await database.client.send(new PutCommand({ TableName, Item: { ...stream, playbackId } }));
  expect(await find('pabcdefghij234567')).toEqual({ title: stream.title });
  expect(await find('pabcdefghij234566')).toBeNull();
});

test('the index has no hash of a key', async () => {
  await database.client.send(new PutCommand({ TableName, Item: stream }));
  const { Items = [] } = await database.client.send(
    new QueryCommand({
      ...{ TableName, IndexName: 'by-playback-id', KeyConditionExpression: 'playbackId = :id' },
      ExpressionAttributeValues: { ':id': stream.playbackId },
    }),
  );
  expect(Items.map((item) => Object.keys(item).toSorted())).toEqual([['deletedAt', 'id', 'playbackId', 'title']]);
});
