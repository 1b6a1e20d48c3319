import type { PlaybackStatusBody, VersionedStatus } from '#domain/playback-status.ts';
import { waitFor } from '#kit/wait-for.ts';
import { publish, SMALL_CLIP, waitUntilPlayable } from '#test/support/broadcast.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform } from '#test/support/platform.ts';

const UNKNOWN_ID = 'zzzzzzzzzzzzzzzz';

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform({ tasks: 2, environment: { RECONNECT_WINDOW_SECONDS: '3' } });
});
afterAll(closeTestPlatforms);

/** What every task says of a playback id, without the version of the answer. */
const statusesOf = async (playbackId: string): Promise<PlaybackStatusBody[]> =>
  Promise.all(
    platform.tasks.map(async ({ httpUrl }) => {
      const answer = await fetch(`${httpUrl}/live/${playbackId}/status.json`);
      const { version: _, ...body }: VersionedStatus = await answer.json();
      return body;
    }),
  );

/** Waits until every task says the same. */
const untilSaid = (playbackId: string, expected: Partial<PlaybackStatusBody>): Promise<readonly PlaybackStatusBody[]> =>
  waitFor(JSON.stringify(expected), async () => {
    const statuses = await statusesOf(playbackId);
    const names = Object.keys(expected) as (keyof PlaybackStatusBody)[];
    return statuses.every((body) => names.every((name) => body[name] === expected[name])) && statuses;
  });

test('viewers hear from any task what a stream is called, since when it is on, and why it is no longer', async () => {
  const title = 'Tom & "Jerry" <b>';
  const stream = await platform.createStream({ ladder: '360p', latency: 'ultra', title });
  const { playbackId } = stream;
  expect(await statusesOf(UNKNOWN_ID)).toEqual([{ status: 'unknown' }, { status: 'unknown' }]);
  expect(await statusesOf(playbackId)).toEqual([1, 2].map(() => ({ status: 'idle', title })));

  const first = await publish(stream.publishUrl, SMALL_CLIP);
  await waitUntilPlayable(stream);
  const [live] = await untilSaid(playbackId, { status: 'live', title, aspect: '16:9', hasAudio: true });
  expect(live).not.toHaveProperty('reason');
  await first.kill();
  await untilSaid(playbackId, { status: 'live', reason: 'publisher-lost' });

  const second = await publish(stream.publishUrl, SMALL_CLIP);
  await waitFor('the publisher to be back', async () => (await statusesOf(playbackId))[0]?.reason === undefined);
  await second.stop();
  const [stopped] = await statusesOf(playbackId);
  expect(stopped).toMatchObject({ status: 'live', reason: 'publisher-stopped', startedAt: live?.startedAt });
  const [ended] = await untilSaid(playbackId, { status: 'ended', reason: 'publisher-stopped' });
  expect(ended).toMatchObject({ title, startedAt: live?.startedAt, aspect: '16:9' });
  expect(Date.parse(ended?.endedAt ?? '')).toBeGreaterThan(Date.parse(live?.startedAt ?? ''));
});

test('a page has its title in HTML, and oEmbed finds its player', async () => {
  const { playbackId, id } = await platform.createStream({ title: 'A title' });
  const watchUrl = `${platform.playbackBaseUrl}/watch/${playbackId}`;
  const page = await fetch(watchUrl);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<title>A title</title>')]);
  const described = await fetch(`${platform.playbackBaseUrl}/oembed?url=${encodeURIComponent(`${watchUrl}#token=x`)}`);
  expect(await described.json()).toMatchObject({ title: 'A title', width: 1280, height: 720 });

  expect((await platform.callApi('DELETE', `/streams/${id}`)).status).toBe(204);
  expect((await fetch(watchUrl)).status).toBe(404);
  await untilSaid(playbackId, { status: 'unknown' });
});
