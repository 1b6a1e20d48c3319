import type { HeadendEvent } from '#domain/events.ts';
import type { ReturningPublisher } from '#kit/returning-publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import { waitUntilPlayable } from '#test/support/broadcast.ts';
import { publishAndReturn } from '#test/support/cluster.ts';
import { type EventReader, followEvents } from '#test/support/event-reader.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform } from '#test/support/platform.ts';

let platform: TestPlatform;
let reader: EventReader;
const encoders: ReturningPublisher[] = [];

beforeAll(async () => {
  platform = await startTestPlatform({ tasks: 2 });
  reader = await followEvents(`${platform.apiUrl}/events`, platform.adminToken);
});
afterAll(async () => {
  await Promise.all(encoders.map((encoder) => encoder.stop()));
  reader.close();
  await closeTestPlatforms();
});

const eventsOf = (type: HeadendEvent['type']): readonly HeadendEvent[] =>
  reader.events.filter((event) => event.type === type);
const acceptances = (): number => encoders.reduce((sum, { acceptedAtMs }) => sum + acceptedAtMs.length, 0);

test('of two encoders with one key that both come back, one stays on air, and everybody is told why', async () => {
  const stream = await platform.createStream({ ladder: '360p', latency: 'ultra' });
  encoders.push(await publishAndReturn(stream.publishUrl));
  await waitUntilPlayable(stream);
  // Each of them comes to one task and to the other, in turn.
  encoders.push(await publishAndReturn(stream.publishUrl));
  const contested = await waitFor('the contest', () => eventsOf('stream.contested')[0], { timeoutMs: 60_000 });
  expect(contested).toMatchObject({ streamId: stream.id, playbackId: stream.playbackId, refusedAddress: '127.0.0.1' });
  const { health } = await waitFor('the warning', async () => {
    const shown = await (await platform.callApi('GET', `/streams/${stream.id}`)).json();
    return JSON.stringify(shown.health).includes('Another encoder publishes with this stream key') && shown;
  });
  expect(health.warnings[0]).toMatch(/^Another encoder/);
  const before = acceptances();
  const description = expect.stringMatching(/^Another encoder is publishing with this stream key/);
  await waitFor(
    'refusals in words',
    () => {
      const refusals = eventsOf('stream.refused').flatMap((event) => (event.type === 'stream.refused' ? event : []));
      return refusals.reduce((sum, { count = 1 }) => sum + count, 0) > 5;
    },
    { timeoutMs: 60_000 },
  );
  expect(eventsOf('stream.refused')[0]).toMatchObject({
    streamId: stream.id,
    code: 'NetStream.Publish.BadName',
    description,
  });
  expect(acceptances()).toBe(before);
  // The first one had the stream, and there were three takeovers. On a busy machine up to four more were seen: an encoder that sends
  // nothing for 2 s is not on air, so whoever replaces it takes nothing over. Without the rule there would be one every second.
  expect(before).toBeLessThanOrEqual(12);
  expect(eventsOf('stream.contested')).toHaveLength(1);
});
