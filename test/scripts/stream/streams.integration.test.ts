import { hashSecret } from '#domain/stream-ids.ts';
import { makeStreamRecord, STREAM_HEALTH } from '#kit/stream-record.ts';
import { makeHeartbeat, makePublish } from '#test/support/live-store-calls.ts';
import { callStreamCli, runOnTerminal, runStreamCli, startCliApi } from './stream-cli.ts';

const NOTHING_THERE = 'aaaaaaaaaaaaaaaa';

let api: Awaited<ReturnType<typeof startCliApi>>;
beforeAll(async () => {
  api = await startCliApi();
});
afterAll(() => api.close());

/** As a process of its own, which takes longer. */
const run = (...args: string[]) => runStreamCli(args, api.environment);
const call = (...args: string[]) => callStreamCli(args, api.environment);

async function makeStream(settings: Parameters<typeof makeStreamRecord>[0] = {}) {
  const stream = makeStreamRecord(settings);
  await api.streams.create(stream);
  return stream;
}

async function goLive(streamId: string) {
  await api.live.begin(makePublish(streamId, { startedAt: '2026-01-02T03:04:05.678Z' }));
  const leaseUntilMs = Date.now() + 600_000;
  await api.live.heartbeat(makeHeartbeat(streamId, { leaseUntilMs, health: STREAM_HEALTH }));
}

describe('create', () => {
  test('shows the key once, with the settings for OBS', async () => {
    const { code, stdout, stderr } = await run('create', '--title', 'Friday talk');
    expect([code, stderr]).toEqual([0, '']);
    const [, id = ''] = /^Created "Friday talk" with id ([a-z2-7]{16})\.$/m.exec(stdout) ?? [];
    const [, key = ''] = /^Stream Key {2}([a-z2-7]{32})$/m.exec(stdout) ?? [];
    const stream = await api.streams.get(id);
    expect(stream).toMatchObject({ title: 'Friday talk', keyHash: hashSecret(key) });
    expect(stdout).toContain('\nServer      rtmp://127.0.0.1:1935/live\n');
    expect(stdout).toContain(`\nWatch       http://127.0.0.1:8080/watch/${stream?.playbackId}\n`);
    expect(stdout).toContain(`shown only once; "rotate-key ${id}" makes another`);
  });

  test('accepts every setting, before and after the command, and prints JSON with --json', async () => {
    const { code, stdout, stderr } = await call(
      ...['--json', '--title', 'All', 'create', '--ladder=1080p', '--latency', 'ultra', '--playback', 'public'],
      ...['--not-before', '2030-01-01T01:00:00+01:00', '--not-after', '2030-01-02T00:00:00Z'],
      ...['--allow-source', '192.0.2.0/24', '--allow-source', '2001:db8::1'],
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')).toHaveLength(2);
    const stream = JSON.parse(stdout);
    expect(stream).toMatchObject({
      ...{ title: 'All', ladder: '1080p', latency: 'ultra', playback: 'public', status: 'idle' },
      ...{ notBefore: '2030-01-01T00:00:00.000Z', notAfter: '2030-01-02T00:00:00.000Z' },
      allowedSources: ['192.0.2.0/24', '2001:db8::1'],
    });
    expect(await api.streams.get(stream.id)).toMatchObject({ keyHash: hashSecret(stream.streamKey) });
  });

  test('a refusal is one line per field, and no stream is created', async () => {
    const before = await call('list', '--json');
    const { code, stdout, stderr } = await call(
      ...['create', '--ladder', '9p', '--not-after', 'soon', '--allow-source', '::1', '--allow-source', 'home'],
      ...['--playback', 'private'],
    );
    expect([code, stdout]).toEqual([1, '']);
    const fields = stderr.trimEnd().split('\n');
    expect(fields.map((line) => /^Refused \(422\): ([^:]+): \S/.exec(line)?.[1]).sort()).toEqual([
      'allowedSources.1',
      'ladder',
      'notAfter',
      'playback',
    ]);
    expect((await call('list', '--json')).stdout).toBe(before.stdout);
  });
});

describe('list', () => {
  test('prints no streams, a table or JSON, and reads as many pages as needed', async () => {
    const own = await startCliApi();
    try {
      const list = (...args: string[]) => callStreamCli(['list', ...args], own.environment);
      expect(await list()).toEqual({ code: 0, stdout: 'There are no streams.\n', stderr: '' });

      const records = Array.from({ length: 103 }, (_, number) => makeStreamRecord({ title: `日本 ${number}` }));
      for (const record of records) await own.streams.create(record);
      const table = await list();
      const [head = '', ...rows] = table.stdout.trimEnd().split('\n');
      expect([table.code, table.stderr]).toEqual([0, '']);
      expect(head).toMatch(/^ID {16}TITLE {5}STATUS {2}PUBLISHER {2}LADDER {2}LATENCY {2}INPUT {2}WATCH$/);
      expect(rows.map((row) => row.slice(0, 16)).sort()).toEqual(records.map(({ id }) => id).sort());

      const all = JSON.parse((await list('--json')).stdout);
      expect([all.streams.length, all.isTruncated]).toEqual([103, false]);
      const some = await list('--json', '--limit', '101');
      expect(JSON.parse(some.stdout)).toEqual({ streams: all.streams.slice(0, 101), isTruncated: true });
      expect([some.code, some.stderr]).toEqual([0, 'There are more: raise --limit.\n']);
    } finally {
      await own.close();
    }
  });

  test.each(['0', '10001', '-1', '1.5', 'x', ''])('--limit=%s is wrong usage', async (limit) => {
    const { code, stdout, stderr } = await call('list', `--limit=${limit}`);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe('--limit must be a whole number from 1 to 10000.\n');
  });
});

describe('show', () => {
  test('prints all of an idle stream, found by the beginning of its id', async () => {
    const stream = await makeStream({ notBefore: '2030-01-01T00:00:00.000Z', allowedSources: ['192.0.2.0/24'] });
    const { code, stdout, stderr } = await call('show', stream.id.slice(0, 12));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      [
        'Title         A title',
        `Id            ${stream.id}`,
        'Status        idle',
        'Publisher     none',
        'Ladder        720p',
        'Latency       low',
        'Codecs        h264',
        'Playback      public',
        'Listed        yes',
        'On air        as soon as somebody publishes',
        'Key opens     from 2030-01-01T00:00:00.000Z',
        'Publish from  192.0.2.0/24',
        'Backup        none',
        "Slate         the deployment's",
        'Version       1',
        'Created       2025-01-02T03:04:05.678Z',
        'Changed       2025-01-02T03:04:05.678Z',
        'Server        rtmp://127.0.0.1:1935/live',
        `Watch         http://127.0.0.1:8080/watch/${stream.playbackId}`,
        `Playlist      http://127.0.0.1:8080/live/${stream.playbackId}/master.m3u8`,
        '',
      ].join('\n'),
    );
  });

  test('prints the health of a stream on air, which the list abbreviates', async () => {
    const { id } = await makeStream({ title: 'On air' });
    await goLive(id);
    const { stdout } = await call('show', 'On air');
    expect(stdout).toContain('\nStatus        live\nPublisher     connected since 2026-01-02T03:04:05.678Z\n');
    expect(stdout).toContain('\nInput         h264 1280x720 29.97 fps, aac, 3013 kbit/s, 1 warning\n');
    expect(stdout).toContain('\nKeyframes     every 2 s\n');
    expect(stdout).toContain('\nDropped       3 frames in the last minute\n');
    expect(stdout).toContain('\nEncoder       1.02 x real time\n');
    expect(stdout).toContain(`\nWarning       ${STREAM_HEALTH.warnings[0]}\n`);
    const row = (await call('list')).stdout.split('\n').find((line) => line.startsWith(id));
    expect(row).toMatch(
      /On air +live +connected +720p +low +h264 1280x720 29.97 fps, aac, 3013 kbit\/s, 1 warning +http/,
    );
    expect(JSON.parse((await call('show', id, '--json')).stdout).health).toEqual(STREAM_HEALTH);
  });

  test('does not choose between several matches', async () => {
    const both = [await makeStream({ title: 'Twin' }), await makeStream({ title: 'Twin' })];
    const { code, stdout, stderr } = await call('show', 'Twin');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^"Twin" matches 2, such as .*: give the id of one\.\n$/);
    for (const { id } of both) expect(stderr).toContain(id);
  });

  test.each(['show', 'update --title x', 'rotate-key', 'stop', 'delete'])(
    '%s of a stream that does not exist',
    async (words) => {
      const [name = '', ...options] = words.split(' ');
      const byId = await call(name, NOTHING_THERE, ...options);
      expect(byId).toEqual({ code: 1, stdout: '', stderr: 'Refused (404): There is no stream with this id.\n' });
      const byTitle = await call(name, 'No such title', ...options);
      expect(byTitle).toEqual({ code: 1, stdout: '', stderr: 'There is no stream "No such title".\n' });
    },
  );
});

describe('update', () => {
  test('changes the given settings, removes limits with none, and leaves the rest', async () => {
    const stream = await makeStream({ notAfter: '2030-01-01T00:00:00.000Z', allowedSources: ['192.0.2.1', '::1'] });
    const { code, stdout, stderr } = await call(
      ...['update', stream.id, '--title', 'Other', '--latency', 'standard', '--if-version', '1'],
      ...['--not-after', 'none', '--allow-source', 'none'],
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Title +Other$/m);
    expect(stdout).toMatch(/^Key opens +always$/m);
    expect(stdout).toMatch(/^Publish from +anywhere$/m);
    const changed = { title: 'Other', latency: 'standard', notAfter: null, allowedSources: [], version: 2 };
    expect(await api.streams.get(stream.id)).toEqual({ ...stream, ...changed, updatedAt: expect.any(String) });
  });

  test('describes a stream, and takes its category away again', async () => {
    const { id } = await makeStream({});
    const texts = ['--description', 'One\nTwo', '--category', 'Talks', '--unlisted'];
    const { stdout } = await call('update', id, ...texts);
    expect(stdout).toMatch(/^Description +One \/ Two$/m);
    expect(stdout).toMatch(/^Category +Talks$/m);
    expect(stdout).toMatch(/^Listed +no$/m);
    await call('update', id, '--category', 'none', '--listed');
    expect(await api.streams.get(id)).toMatchObject({ description: 'One\nTwo', category: null, listed: true });
    const { code, stderr } = await call('update', id, '--listed', '--unlisted');
    expect([code, stderr]).toEqual([2, '--listed and --unlisted contradict each other.\n']);
  });

  test('an outdated version changes nothing', async () => {
    const stream = await makeStream({ version: 4 });
    const { code, stdout, stderr } = await call('update', stream.id, '--title', 'Late', '--if-version', '3');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe('Refused (412): The stream has been changed in the meantime; read it again.\n');
    expect(await api.streams.get(stream.id)).toEqual(stream);
  });

  test.each([
    ['nothing to change', [], /^Say what to change/],
    ['an invalid version', ['--title', 'x', '--if-version', '"1"'], /^--if-version must be a whole number/],
  ])('%s is wrong usage', async (_case, options, message) => {
    const { code, stderr } = await call('update', NOTHING_THERE, ...options);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

test('rotate-key makes a new key, shown once', async () => {
  const { id } = await makeStream();
  const { code, stdout } = await call('rotate-key', id);
  expect(code).toBe(0);
  const [, key = ''] = /^Stream Key {2}([a-z2-7]{32})$/m.exec(stdout) ?? [];
  expect(await api.streams.get(id)).toMatchObject({ keyHash: hashSecret(key), version: 2 });
  const late = await call('rotate-key', id, '--if-version', '1', '--json');
  expect([late.code, late.stdout]).toEqual([1, '']);
  const again = JSON.parse((await call('rotate-key', id, '--if-version', '2', '--json')).stdout);
  expect(await api.streams.get(id)).toMatchObject({ keyHash: hashSecret(again.streamKey), version: 3 });
});

test('backup-key makes a key for a second encoder, shown once, and takes it away', async () => {
  const { id } = await makeStream();
  const { code, stdout } = await call('backup-key', id, '--failover-ms', '1500');
  expect([code, stdout]).toEqual([0, expect.stringContaining('takes over after 1500 ms')]);
  const [, key = ''] = /^Backup Key {2}([a-z2-7]{32})$/m.exec(stdout) ?? [];
  expect(await api.streams.findByKeyHash(hashSecret(key))).toMatchObject({ id });
  expect((await call('show', id)).stdout).toMatch(/^Backup +takes over after 1500 ms$/m);
  expect((await call('backup-key', id, '--remove')).code).toBe(0);
  expect(await api.streams.findByKeyHash(hashSecret(key))).toBeNull();
  expect((await call('backup-key', id, '--failover-ms', 'soon')).code).not.toBe(0);
});

test('stop says whether there was a broadcast', async () => {
  const { id } = await makeStream();
  expect(await call('stop', id)).toEqual({
    code: 0,
    stdout: 'Nobody was publishing. A broadcast that waited for its publisher ends.\n',
    stderr: '',
  });
  await goLive(id);
  expect(await call('stop', id)).toEqual({ code: 0, stdout: 'The broadcast ends.\n', stderr: '' });
  expect(await api.live.get(id)).toBeNull();
  expect((await call('stop', id, '--json')).stdout).toBe('{"wasLive":false}\n');
});

describe('purge', () => {
  test('waits until nothing is left at the old address', async () => {
    const { id, playbackId } = await makeStream({ title: 'Leak' });
    const { code, stdout } = await call('purge', id);
    expect([code, stdout]).toEqual([0, `Nothing is left at the old addresses of "Leak" (${id}).\n`]);
    expect((await api.streams.get(id))?.playbackId).not.toBe(playbackId);
    const again = JSON.parse((await call('purge', id, '--json')).stdout);
    expect(again).toMatchObject({ purgeId: expect.any(String), status: 'completed' });
  });

  test('asks on a terminal, and no leaves the stream', async () => {
    const { id, playbackId } = await makeStream({ title: 'Kept' });
    const { code, stdout } = await runOnTerminal(['purge', id], 'n\n', api.environment);
    expect(stdout).toContain(`Take "Kept" (${id}) down? [y/N]`);
    expect(stdout).toContain('Nothing was purged.');
    expect(code).toBe(1);
    expect((await api.streams.get(id))?.playbackId).toBe(playbackId);
  });
});

describe('delete', () => {
  test('does not ask without a terminal', async () => {
    const { id } = await makeStream({ title: 'Old' });
    expect(await run('delete', id)).toEqual({ code: 0, stdout: `Deleted "Old" (${id}).\n`, stderr: '' });
    expect(await api.streams.get(id)).toBeNull();
    const other = await makeStream({ version: 2 });
    expect((await call('delete', other.id, '--if-version', '1')).code).toBe(1);
    expect((await call('delete', other.id, '--json')).stdout).toBe(`{"id":"${other.id}","deleted":true}\n`);
  });

  test.each([
    ['no', 'n\n'],
    ['nothing', '\n'],
    ['Ctrl-D', '\x04'],
    ['something else', 'yesterday\n'],
  ])('asks on a terminal, and %s leaves the stream', async (_case, typed) => {
    const { id } = await makeStream({ title: 'Kept' });
    const { code, stdout } = await runOnTerminal(['delete', id], typed, api.environment);
    expect(stdout).toContain(`Delete "Kept" (${id}) for ever? [y/N]`);
    expect(stdout).toContain('Nothing was deleted.');
    expect(code).toBe(1);
    expect(await api.streams.get(id)).not.toBeNull();
  });

  test.each([
    ['yes', [], 'y\n', true],
    ['--yes', ['--yes'], '', false],
  ])('on a terminal, %s deletes the stream', async (_case, options, typed, isAsked) => {
    const { id } = await makeStream({ title: 'Gone' });
    await goLive(id);
    const { code, stdout } = await runOnTerminal(['delete', id, ...options], typed, api.environment);
    expect(stdout.includes(`Delete "Gone" (${id}, on air) for ever? [y/N]`)).toBe(isAsked);
    expect(stdout).toContain(`Deleted "Gone" (${id}).`);
    expect(code).toBe(0);
    expect(await api.streams.get(id)).toBeNull();
  });
});

test('a stream that waits for the word goes on air with golive, and off air with stop', async () => {
  const created = await call('create', '--auto-start', 'no', '--title', 'Waits', '--json');
  const { id } = JSON.parse(created.stdout);
  expect((await call('show', id)).stdout).toContain(`\nOn air        no; "golive ${id}" puts it on air\n`);
  const { code, stdout } = await call('golive', 'Waits');
  expect([code, stdout]).toEqual([0, expect.stringContaining('"Waits" is on air as soon as somebody publishes it.\n')]);
  expect((await call('show', id)).stdout).toContain('\nOn air        as soon as somebody publishes\n');
  await call('stop', id);
  expect(JSON.parse((await call('show', id, '--json')).stdout)).toMatchObject({ autoStart: false, onAir: false });
  await call('update', id, '--auto-start', 'yes');
  expect(await api.streams.get(id)).toMatchObject({ autoStart: true });
  expect(await call('update', id, '--auto-start', 'maybe')).toEqual({
    ...{ code: 2, stdout: '', stderr: '--auto-start must be yes or no.\n' },
  });
});
