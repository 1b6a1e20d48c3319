import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { generateSecret } from '#domain/stream-ids.ts';
import type { TestPublisher } from '#kit/publisher.ts';
import { RtmpClient } from '#kit/rtmp-client.ts';
import { waitFor } from '#kit/wait-for.ts';
import { publish, SMALL_CLIP, waitUntilPlayable } from '#test/support/broadcast.ts';
import {
  heldConnections,
  INJECTED,
  INJECTIONS,
  ONE_MESSAGE_CRASHES,
  openSilent,
  publishRefused,
  publishTwice,
  sendForEver,
  sendUnasked,
} from '#test/support/hostile-clients.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';
import { expectNoLoss, SegmentCollector } from '#test/support/segment-collector.ts';
import { startUnguardedRtmp, type UnguardedRtmp } from '#test/support/unguarded-rtmp.ts';

/** Long, so that frame numbers repeat late. */
const CLIP = { ...SMALL_CLIP, seconds: 24 };
/** Connections of a flood. */
const FLOOD = 60;
/** Connections that one address may hold. */
const MAX_OF_ADDRESS = 20;
const IDLE_TIMEOUT_MS = 5_000;

describe('a live stream and its encoder outlive', () => {
  let platform: TestPlatform;
  let stream: TestStream;
  let publisher: TestPublisher;
  let collector: SegmentCollector;
  let port: number;
  let encoderPid: number;
  /** Publishes the stream before the legitimate publisher, with the same key. It goes on sending after it was replaced. */
  let former: RtmpClient;
  let formerGone: Promise<void>;
  let addresses = 0;

  /** Strangers have their own addresses, since wrong keys count against an address. */
  const strangerAddress = () => `127.0.1.${++addresses}`;
  const openStranger = () => RtmpClient.open(port, strangerAddress());
  /** Resolves once only the legitimate publisher's connection is left. */
  const strangersGone = () => waitFor('the end of all strangers', async () => (await heldConnections(port)) === 1);

  beforeAll(async () => {
    platform = await startTestPlatform({ environment: { RTMP_LIMITS: `idleTimeoutMs=${IDLE_TIMEOUT_MS}` } });
    port = platform.rtmpPort;
    encoderPid = platform.tasks[0]?.pid ?? 0;
    stream = await platform.createStream({ ladder: '360p' });
    former = await RtmpClient.open(port, strangerAddress(), true);
    await former.publish(stream.streamKey);
    formerGone = sendForEver(former);
    publisher = await publish(stream.publishUrl, CLIP);
    await waitUntilPlayable(stream);
    collector = new SegmentCollector(`${stream.liveUrl}/360p`);
  });
  afterAll(async () => {
    await publisher?.kill();
    await closeTestPlatforms();
  });
  afterEach(() => {
    expect(existsSync(`/proc/${encoderPid}`)).toBe(true);
  });

  test('a replaced publisher that goes on sending', async () => {
    expect(await former.answer('onStatus')).toMatchObject({
      3: {
        level: 'error',
        code: 'NetStream.Publish.BadName',
        description: expect.stringContaining('newer connection'),
      },
    });
    await formerGone;
    await strangersGone();
  });

  test.each(ONE_MESSAGE_CRASHES)('$name', async ({ run }) => {
    const client = await openStranger();
    await run(client, stream.playbackId);
    client.socket.end();
    await client.closed;
    await strangersGone();
  });

  test.each(INJECTIONS)('media from $name', async ({ run }) => {
    for (const name of [stream.playbackId, stream.id, generateSecret(randomBytes)]) {
      const client = await openStranger();
      await run(client, name);
      expect(await client.answer('onStatus')).toMatchObject({ 3: { level: 'error' } });
      await client.closed;
    }
    await strangersGone();
  });

  test('media without a publish', async () => {
    await sendUnasked(await openStranger());
    await strangersGone();
  });

  test('a live publisher that falls silent, whose connection and FFmpeg are freed', async () => {
    const other = await platform.createStream({ ladder: '360p' });
    const silent = await publish(other.publishUrl);
    await waitUntilPlayable(other);
    expect(await platform.ffmpegPids()).toHaveLength(2);
    process.kill(silent.pid, 'SIGSTOP'); // Its socket stays open, but nothing more comes.
    await waitFor('one FFmpeg', async () => (await platform.ffmpegPids()).length === 1);
    await strangersGone();
    await silent.kill();
  });

  test('several publishes on one connection, which ends and frees all their streams', async () => {
    const other = await platform.createStream({ ladder: '360p' });
    const client = await openStranger();
    await publishTwice(client, other.streamKey, stream.streamKey);
    await client.closed;
    await strangersGone();
    const again = await openStranger();
    expect(await again.publish(other.streamKey)).toMatchObject({ 3: { code: 'NetStream.Publish.Start' } });
    again.destroy();
    await strangersGone();
  });

  test('a flood of connections from one address, while others still get in', async () => {
    const address = strangerAddress();
    const flood = Array.from({ length: FLOOD }, () => openSilent(port, address));
    await waitFor(
      'refusals',
      async () => flood.filter((socket) => socket.readableEnded || socket.destroyed).length >= FLOOD - MAX_OF_ADDRESS,
    );
    await waitFor('the end of the refused', async () => (await heldConnections(port)) <= 1 + MAX_OF_ADDRESS);
    const guest = await openStranger();
    await expect(guest.prepare()).resolves.toBeUndefined();
    guest.destroy();
    for (const socket of flood) socket.destroy();
    await strangersGone();
  });

  test('all of that without losing a frame', async () => {
    const seen = collector.count;
    await waitFor('segments after the last attack', () => collector.count > seen + 1);
    const { frameNumbers } = await expectNoLoss(collector, CLIP.seconds);
    expect(frameNumbers.length).toBeGreaterThan(300);
    expect(await platform.log()).not.toMatch(/FFmpeg failed|replacing FFmpeg/);
    expect(await platform.ffmpegPids()).toHaveLength(1);
  });
});

/** The same clients against node-media-server alone. They show that the tests above can fail, and why there is a guard. */
describe('without the guard', () => {
  let server: UnguardedRtmp;
  const opened: RtmpClient[] = [];
  const open = async () => {
    const client = await RtmpClient.open(server.port);
    opened.push(client);
    return client;
  };
  afterEach(async () => {
    for (const client of opened.splice(0)) client.destroy();
    await server.close();
  });

  /** A viewer of `live/victim`. `injected` resolves once it gets a stranger's frame. */
  async function watch(): Promise<{ readonly injected: Promise<void> }> {
    const viewer = await open();
    await viewer.prepare();
    let received = '';
    const injected = new Promise<void>((resolve) => {
      viewer.socket.on('data', (chunk: Buffer) => {
        received += chunk.toString('latin1');
        if (received.includes(INJECTED)) resolve();
      });
    });
    viewer.sendCommand(1, 'play', 3, null, 'victim');
    await viewer.answer('onStatus');
    return { injected };
  }

  test.each(ONE_MESSAGE_CRASHES)('$name ends the process', async ({ run }) => {
    server = await startUnguardedRtmp();
    await run(await open(), 'victim');
    expect(await server.exited).toBeGreaterThan(0);
  });

  test.each(INJECTIONS)('viewers see media from $name', async ({ run }) => {
    server = await startUnguardedRtmp();
    await (await open()).publish('victim');
    const { injected } = await watch();
    await run(await open(), 'victim');
    await injected;
  });

  test('viewers see media from a client without the signature', async () => {
    server = await startUnguardedRtmp(generateSecret(randomBytes));
    const { injected } = await watch();
    await publishRefused.run(await open(), 'victim');
    await injected;
  });

  test('of several publishes on one connection, all but the last block their stream for ever', async () => {
    server = await startUnguardedRtmp();
    const client = await open();
    await publishTwice(client, 'first', 'second');
    await client.answer('onStatus');
    client.socket.end();
    await client.closed;
    const again = await open();
    await again.publish('first');
    await expect(again.closed).resolves.toBeUndefined();
  });

  test('a flood of silent connections from one address stays', async () => {
    server = await startUnguardedRtmp();
    const flood = Array.from({ length: FLOOD }, () => openSilent(server.port, '127.0.0.1'));
    await Promise.all(flood.map((socket) => once(socket, 'connect')));
    const guest = await open();
    await guest.prepare();
    expect(flood.filter((socket) => socket.readableEnded || socket.destroyed)).toEqual([]);
    for (const socket of flood) socket.destroy();
  });
});
