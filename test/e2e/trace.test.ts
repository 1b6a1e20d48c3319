import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { waitFor } from '#kit/wait-for.ts';
import { publish, SMALL_CLIP, waitUntilPlayable } from '#test/support/broadcast.ts';
import { everyTaskSays } from '#test/support/cluster.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform } from '#test/support/platform.ts';

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform({ tasks: 2 });
});
afterAll(closeTestPlatforms);

test('a trace tells what the publisher sends and what FFmpeg said, on air and after it has left, without secrets', async () => {
  const stream = await platform.createStream({ ladder: '360p', latency: 'ultra' });
  const read = async () => (await platform.callApi('GET', `/streams/${stream.id}/trace`)).json();
  const publisher = await publish(stream.publishUrl, SMALL_CLIP);
  await waitUntilPlayable(stream);
  await everyTaskSays(platform, stream, 'live');
  const live = await read();
  expect(live).toMatchObject({ streamId: stream.id, publishes: [{ leftAt: null, sourceAddress: '127.0.0.1' }] });
  expect(live.publishes[0].software).toMatch(/^\S/);
  expect(new Set(live.tags.kind)).toEqual(new Set(['audio', 'video', 'keyframe', 'header', 'script']));
  expect(live.tags.bytes).toHaveLength(live.tags.kind.length);

  const [pid = 0] = await platform.ffmpegPids();
  process.kill(pid, 'SIGKILL');
  const restarted = await waitFor('the next run in the trace', async () => {
    const trace = await read();
    return trace.runs.length > 1 && trace;
  });
  expect(restarted.runs).toMatchObject([{ outcome: 'died' }, { outcome: null }]);

  await publisher.kill();
  const last = await waitFor('the end of the publish in the trace', async () => {
    const trace = await read();
    return trace.publishes[0].endReason === 'publisher-lost' && trace;
  });
  expect(JSON.stringify(last)).not.toContain(stream.streamKey);

  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['scripts/run.mjs', 'stream', 'trace', stream.id, '--api', platform.apiUrl],
    { env: { ...process.env, NODE_OPTIONS: '', HEADEND_TOKEN: platform.adminToken } },
  );
  expect(stdout).toMatch(/^SECOND +VIDEO +KEYFRAMES +AUDIO +KBIT\/S +LATE MS +GAP MS$/m);
  expect(stdout).toMatch(/FFmpeg ended +epoch \d+: died/);
  expect(stdout).not.toContain(stream.streamKey);

  await platform.callApi('DELETE', `/streams/${stream.id}`);
  expect((await platform.callApi('GET', `/streams/${stream.id}/trace`)).status).toBe(404);
});
