import { randomBytes } from 'node:crypto';
import { generateSecret, hashSecret } from '#domain/stream-ids.ts';
import { createHandler } from '#functions/ingest-auth/create-handler.ts';
import { createKeyAuthority } from '#functions/ingest-auth/key-authority.ts';
import { makeStreamRecord } from '#kit/stream-record.ts';
import { documentClientFor, startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { createLogger } from '#runtime/log.ts';
import { createStreamStore, type StreamStore } from '#runtime/stream-store.ts';

const streamKey = generateSecret(randomBytes);
const stream = makeStreamRecord({ id: 'stream-id', playbackId: 'playback-id', keyHash: hashSecret(streamKey) });

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let streams: StreamStore;
let lines: string[];

beforeAll(async () => {
  database = await startTemporaryDynamoDb();
  streams = createStreamStore({ client: database.client, tables: TEST_TABLES });
  await streams.create(stream);
});
beforeEach(() => {
  lines = [];
});
afterAll(() => database.close());

function handlerOf(store: Pick<StreamStore, 'findByKeyHash'>) {
  const destination = { write: (line: string) => lines.push(line) };
  const authorise = createKeyAuthority({ streams: store, now: Date.now });
  return createHandler({ authorise, log: createLogger({ service: 'ingest-auth', level: 'trace', destination }) });
}

test('a known key may publish, and the log contains the stream but not the key', async () => {
  const decision = await handlerOf(streams)({ streamKey, sourceAddress: '192.0.2.1' });
  expect(decision).toMatchObject({ allow: true, stream: { streamId: 'stream-id', playbackId: 'playback-id' } });
  expect(lines.join()).toContain('"streamId":"stream-id"');
  expect(lines.join()).not.toContain(streamKey);
});

test('an unknown key is refused, and the log contains the address but not the key', async () => {
  const unknown = generateSecret(randomBytes);
  const decision = await handlerOf(streams)({ streamKey: unknown, sourceAddress: '192.0.2.1' });
  expect(decision).toMatchObject({ allow: false, code: 'NetStream.Publish.BadName' });
  expect(lines.join()).toContain('192.0.2.1');
  expect(lines.join()).not.toContain(unknown);
});

test('a text that cannot be a key is refused without a read', async () => {
  const findByKeyHash = () => Promise.reject(new Error('read'));
  for (const malformed of ['', 'x', `${streamKey}\n`, 'a'.repeat(1_000_000)]) {
    const decision = await handlerOf({ findByKeyHash })({ streamKey: malformed, sourceAddress: '192.0.2.1' });
    expect(decision).toMatchObject({ allow: false, code: 'NetStream.Publish.BadName' });
  }
});

test.each([
  ['undefined', undefined],
  ['null', null],
  ['a text', 'a'],
  ['a number', 7],
  ['an array', [streamKey]],
  ['an empty object', {}],
  ['a key without an address', { streamKey }],
  ['an address without a key', { sourceAddress: '192.0.2.1' }],
  ['a key that is not a text', { streamKey: [streamKey], sourceAddress: '192.0.2.1' }],
  ['an address that is not a text', { streamKey, sourceAddress: 1 }],
])('an event that is %s is refused', async (_name, event) => {
  expect(await handlerOf(streams)(event)).toEqual({
    allow: false,
    code: 'NetStream.Publish.Rejected',
    description: 'The stream key could not be checked.',
  });
  expect(lines.join()).not.toContain(streamKey);
});

test('if the database does not answer, the handler rejects, and the caller fails closed', async () => {
  const client = documentClientFor('http://127.0.0.1:1');
  const handler = handlerOf(createStreamStore({ client, tables: TEST_TABLES }));
  await expect(handler({ streamKey, sourceAddress: '192.0.2.1' })).rejects.toThrow('ECONNREFUSED');
  client.destroy();
});
