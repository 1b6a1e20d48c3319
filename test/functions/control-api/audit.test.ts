import { randomBytes } from 'node:crypto';
import type { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { TokenScope } from '#domain/admin-tokens.ts';
import type { AuditEntry } from '#domain/events.ts';
import { generateSecret, hashSecret, secretId } from '#domain/stream-ids.ts';
import { TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { makePublish } from '#test/support/live-store-calls.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

let nowMs: number;
let api: ApiWithDatabase;
/** Entries that were sent to the event bus. */
let sent: AuditEntry[];
/** Whether the event bus takes them. */
let isBusDown: boolean;
const eventBus = {
  eventBusName: 'headend',
  client: {
    send: async (command: PutEventsCommand) => {
      if (isBusDown) throw new Error('down');
      const { Entries = [] } = command.input;
      sent.push(...Entries.map(({ Detail = '' }) => JSON.parse(Detail)));
      return { Entries: [{ EventId: 'a' }] };
    },
  } as never,
};

beforeEach(async () => {
  nowMs = Date.parse('2025-01-02T03:04:05.678Z');
  [sent, isBusDown] = [[], false];
  api = await startApiWithDatabase(() => nowMs, { eventBus });
});
afterEach(() => api.close());

const trail = async (): Promise<AuditEntry[]> => (await api.call('GET', '/api/audit')).json.entries;
const latest = async (): Promise<AuditEntry | undefined> => (await trail())[0];
/** What was logged about changes. */
const logged = () =>
  api.logLines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'audit' || msg === 'a change was refused');

async function makeToken(settings: { scope?: TokenScope; streamId?: string; name?: string } = {}) {
  return (await api.call('POST', '/api/tokens', { body: { name: 'Build server', ...settings } })).json;
}

describe('an entry', () => {
  test('says who changed what from where, and what was different before, everywhere', async () => {
    const token = await makeToken();
    const { json: stream } = await api.call('POST', '/api/streams', { body: { title: 'Old' } });
    nowMs += 1_000;
    await api.call('PATCH', `/api/streams/${stream.id}`, { token: token.token, body: { title: 'New' } });
    const entry = {
      type: 'api.changed',
      id: expect.stringMatching(/^[a-z2-7]{16}$/),
      time: '2025-01-02T03:04:06.678Z',
      tokenId: token.id,
      tokenName: 'Build server',
      sourceAddress: '127.0.0.1',
      action: 'PATCH /api/streams/{id}',
      path: `/api/streams/${stream.id}`,
      streamId: stream.id,
      status: 200,
      before: { title: 'Old', version: 1, updatedAt: '2025-01-02T03:04:05.678Z' },
      after: { title: 'New', version: 2, updatedAt: '2025-01-02T03:04:06.678Z' },
    };
    expect(await latest()).toEqual(entry);
    expect(sent.at(-1)).toEqual(await latest());
    expect(logged().at(-1)).toMatchObject({ audit: entry, isRepeat: false });
  });

  test('is made for every change, the newest first', async () => {
    const { json: stream } = await api.call('POST', '/api/streams', { body: { title: 'A' } });
    const path = `/api/streams/${stream.id}`;
    await api.live.begin(makePublish(stream.id, { owner: 'connection-1', version: null }));
    const token = await makeToken();
    for (const [method, changed] of [
      ['POST', `${path}/stop`],
      ['POST', `${path}/key`],
      ['DELETE', path],
      ['DELETE', `/api/tokens/${token.id}`],
    ] as const) {
      nowMs += 1;
      await api.call(method, changed);
    }
    const entries = await trail();
    expect(entries.map(({ action, streamId, status }) => [action, streamId, status])).toEqual([
      ['DELETE /api/tokens/{id}', null, 204],
      ['DELETE /api/streams/{id}', stream.id, 204],
      ['POST /api/streams/{id}/key', stream.id, 200],
      ['POST /api/streams/{id}/stop', stream.id, 202],
      ...entries.slice(4).map(({ action, streamId, status }) => [action, streamId, status]),
    ]);
    // Both were made in the same millisecond.
    expect(
      entries
        .slice(4)
        .map(({ action }) => action)
        .sort(),
    ).toEqual(['POST /api/streams', 'POST /api/tokens']);
    expect(entries[0]?.before).toMatchObject({ id: token.id, name: 'Build server', scope: 'admin' });
    expect(entries[1]).toMatchObject({ before: { id: stream.id, title: 'A', version: 2 }, after: null });
    expect(entries[3]).toMatchObject({ before: { wasLive: true }, after: null });
    expect(entries.find(({ action }) => action === 'POST /api/streams')).toMatchObject({
      streamId: stream.id,
      tokenId: secretId(hashSecret(api.tokens[0])),
      tokenName: 'bootstrap',
      before: null,
      after: { title: 'A', ladder: '720p' },
    });
  });

  test('has no secret and no hash of one', async () => {
    const token = await makeToken();
    const { json: stream } = await api.call('POST', '/api/streams', { body: { playback: 'token' } });
    const { json: rotated } = await api.call('POST', `/api/streams/${stream.id}/key`);
    const { json: viewer } = await api.call('POST', `/api/streams/${stream.id}/viewer-tokens`);
    await api.call('DELETE', `/api/tokens/${token.id}`);
    await api.call('DELETE', `/api/streams/${stream.id}`);
    const { Items } = await api.client.send(new ScanCommand({ TableName: TEST_TABLES.AUDIT_TABLE }));
    expect(Items).toHaveLength(5);
    const secrets = [token.token, stream.streamKey, rotated.streamKey, api.tokens[0]];
    for (const text of [JSON.stringify(Items), JSON.stringify(sent), api.logLines.join()]) {
      expect(text).toContain(stream.id);
      for (const secret of [...secrets, ...secrets.map(hashSecret), viewer.token]) expect(text).not.toContain(secret);
    }
  });

  test('is kept for 90 days', async () => {
    await makeToken();
    const { Items = [] } = await api.client.send(new ScanCommand({ TableName: TEST_TABLES.AUDIT_TABLE }));
    expect(Items[0]?.expiresAtSeconds).toBe(Math.ceil(nowMs / 1000) + 90 * 86_400);
    nowMs += 91 * 86_400_000;
    expect(await trail()).toEqual([]);
  });
});

describe('not in the trail, but in the log', () => {
  test('is a change that was refused, with the token if it is known', async () => {
    const reader = await makeToken({ scope: 'streams:read' });
    const before = await trail();
    await api.call('POST', '/api/streams', { token: reader.token });
    await api.call('POST', '/api/streams', { token: generateSecret(randomBytes) });
    expect(await trail()).toEqual(before);
    expect(logged().slice(-2)).toMatchObject([
      { tokenId: reader.id, tokenName: 'Build server', sourceAddress: '127.0.0.1', path: '/api/streams', status: 403 },
      { tokenId: null, status: 401 },
    ]);
  });

  test('is what strangers try, at most some lines a second', async () => {
    for (let request = 0; request < 50; request += 1) await api.call('POST', '/api/streams', { token: 'x' });
    expect(logged()).toHaveLength(20);
    nowMs += 1_000;
    await api.call('POST', '/api/streams', { token: 'x' });
    expect(logged().at(-1)).toMatchObject({ leftOut: 30 });
    expect(await trail()).toEqual([]);
  });

  test.each([
    ['of a stream that does not exist', 'DELETE', '/api/streams/aaaaaaaaaaaaaaaa', 404],
    ['whose body is wrong', 'POST', '/api/tokens', 422],
  ])('is a change %s', async (_name, method, path, status) => {
    await api.call(method, path);
    expect(await trail()).toEqual([]);
    expect(logged()).toMatchObject([{ audit: { path, status } }]);
  });

  test('is a viewer token', async () => {
    const { json: stream } = await api.call('POST', '/api/streams', { body: { playback: 'token' } });
    await api.call('POST', `/api/streams/${stream.id}/viewer-tokens`);
    expect(await trail()).toHaveLength(1);
    expect(logged().at(-1)).toMatchObject({
      audit: { action: 'POST /api/streams/{id}/viewer-tokens', after: { expiresAt: '2025-01-02T04:04:05.000Z' } },
    });
  });

  test('is a request that repeats another one', async () => {
    const options = { body: { title: 'Once' }, 'Idempotency-Key': 'once' };
    for (let time = 0; time < 3; time += 1) expect((await api.call('POST', '/api/streams', options)).status).toBe(201);
    expect(await trail()).toHaveLength(1);
    expect(sent).toHaveLength(1);
    expect(logged().map(({ isRepeat }) => isRepeat)).toEqual([false, true, true]);
  });

  test('is nothing that only reads', async () => {
    for (const path of ['/api/streams', '/api/tokens', '/api/audit', '/api/health']) await api.call('GET', path);
    expect(logged()).toEqual([]);
  });
});

test('a change is made even if the trail and the bus do not answer, and the log has it', async () => {
  isBusDown = true;
  const audit = { ...api.dependencies.audit, add: () => Promise.reject(new Error('down')) };
  const broken = await startApiWithDatabase(() => nowMs, { audit, eventBus });
  expect((await broken.call('POST', '/api/streams')).status).toBe(201);
  const messages = broken.logLines.map((line) => JSON.parse(line).msg);
  expect(messages).toEqual([
    'audit',
    'an entry of the audit trail was not stored',
    'an entry of the audit trail was not sent',
  ]);
  await broken.close();
});

test('a change that failed halfway is in the trail with its status', async () => {
  const live = { ...api.live, requestEnd: () => Promise.reject(new Error('a bug')) };
  const broken = await startApiWithDatabase(() => nowMs, { live });
  const { json: stream } = await broken.call('POST', '/api/streams');
  expect((await broken.call('POST', `/api/streams/${stream.id}/key`)).status).toBe(500);
  const { json } = await broken.call('GET', '/api/audit?limit=100');
  expect(json.entries.map(({ status }: AuditEntry) => status).sort()).toEqual([201, 500]);
  await broken.close();
});

test('pages have every entry once, over days without any', async () => {
  const made: string[] = [];
  for (const days of [0, 0, 0, 1, 40, 40]) {
    nowMs += days * 86_400_000 + 1;
    await makeToken();
    made.unshift((await latest())?.id ?? '');
  }
  const listed: string[] = [];
  let cursor = '';
  let pages = 0;
  do {
    const { json } = await api.call('GET', `/api/audit?limit=2${cursor}`);
    listed.push(...json.entries.map(({ id }: AuditEntry) => id));
    cursor = json.nextCursor === null ? '' : `&cursor=${json.nextCursor}`;
    pages += 1;
  } while (cursor !== '' && pages < 20);
  expect(listed).toEqual(made);
  expect(pages).toBeLessThan(10);
});

test.each(['aaaaaaaaaaaaaaaa', '999999999999999-', ''])('the cursor %j is refused', async (cursor) => {
  expect((await api.call('GET', `/api/audit?cursor=${cursor}`)).status).toBe(422);
});

test('a cursor of the far future begins at the newest entry', async () => {
  await makeToken();
  const { json } = await api.call('GET', '/api/audit?cursor=999999999999999-aaaaaaaaaaaaaaaa');
  expect(json.entries).toHaveLength(1);
});
