import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSecret } from '#domain/stream-ids.ts';
import { makeClip } from '#kit/clip.ts';
import { decodeFrameNumbers } from '#kit/frame-counter.ts';
import { parseMediaPlaylist } from '#kit/hls-playlist.ts';
import { startPublisher, type TestPublisher } from '#kit/publisher.ts';
import { RtmpClient } from '#kit/rtmp-client.ts';
import { waitFor } from '#kit/wait-for.ts';
import {
  dribbleHandshake,
  GARBAGE,
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
import { startUnguardedRtmp, type UnguardedRtmp } from '#test/support/unguarded-rtmp.ts';

const CLIP = { width: 640, height: 360, seconds: 24, videoKbps: 600 };
const CLIP_FRAMES = 24 * 30;
const FLOOD = 60;
const IDLE_TIMEOUT_MS = 5_000;

/** Keeps every segment of a rendition from now on. */
class SegmentCollector {
  readonly #folderUrl: string;
  readonly #segments = new Map<number, Buffer>();
  #init: Buffer = Buffer.alloc(0);
  readonly #polling: Promise<void>;
  #isStopped = false;

  constructor({ liveUrl }: TestStream) {
    this.#folderUrl = `${liveUrl}/360p`;
    this.#polling = this.#poll();
  }

  get count(): number {
    return this.#segments.size;
  }

  /** Stops, and resolves to the media sequence numbers and the media as one file. */
  async stop(): Promise<{ readonly msns: readonly number[]; readonly file: Buffer }> {
    this.#isStopped = true;
    await this.#polling;
    return { msns: [...this.#segments.keys()], file: Buffer.concat([this.#init, ...this.#segments.values()]) };
  }

  async #poll(): Promise<void> {
    while (!this.#isStopped) {
      const playlist = parseMediaPlaylist((await this.#fetch('media.m3u8')).toString());
      const map = playlist.segments.find((segment) => segment.map !== null)?.map;
      if (map && this.#init.length === 0) this.#init = await this.#fetch(map);
      const fresh = playlist.segments.filter(({ msn, uri }) => uri !== null && !this.#segments.has(msn));
      for (const { msn, uri } of fresh) this.#segments.set(msn, await this.#fetch(uri ?? ''));
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  async #fetch(name: string): Promise<Buffer> {
    const response = await fetch(`${this.#folderUrl}/${name}`);
    if (!response.ok) throw new Error(`${name}: ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }
}

describe('a live stream and its encoder outlive', () => {
  let platform: TestPlatform;
  let stream: TestStream;
  let clipPath: string;
  let publisher: TestPublisher;
  let collector: SegmentCollector;
  let port: number;
  let encoderPid: number;
  /** Published the stream before the legitimate publisher, with the same key, and did not stop when it was replaced. */
  let former: RtmpClient;
  let formerGone: Promise<void>;
  let addresses = 0;

  /** Strangers come from elsewhere: wrong keys count for their address. */
  const strangerAddress = () => `127.0.1.${++addresses}`;
  const openStranger = () => RtmpClient.open(port, strangerAddress());
  /** Only the legitimate publisher's connection is left. */
  const strangersGone = () => waitFor('the end of all strangers', async () => (await heldConnections(port)) === 1);

  beforeAll(async () => {
    platform = await startTestPlatform({ environment: { RTMP_LIMITS: `idleTimeoutMs=${IDLE_TIMEOUT_MS}` } });
    port = Number(new URL(platform.rtmpUrl).port);
    encoderPid = platform.tasks[0]?.pid ?? 0;
    stream = await platform.createStream({ ladder: '360p' });
    clipPath = await makeClip(CLIP);
    former = await RtmpClient.open(port, strangerAddress(), true);
    await former.publish(stream.streamKey);
    formerGone = sendForEver(former);
    publisher = await startPublisher({ clipPath, rtmpUrl: stream.publishUrl });
    await waitFor('a playlist', async () => (await fetch(`${stream.liveUrl}/360p/media.m3u8`)).ok);
    collector = new SegmentCollector(stream);
  });
  afterAll(async () => {
    await collector?.stop();
    await publisher?.stop();
    await closeTestPlatforms();
  });
  afterEach(() => {
    expect(existsSync(`/proc/${encoderPid}`)).toBe(true);
  });

  test('a publisher who was replaced and goes on sending, which is in vain and not for long', async () => {
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

  test('a live publisher who falls silent without a goodbye, whose connection and FFmpeg are freed', async () => {
    const other = await platform.createStream({ ladder: '360p' });
    const silent = await startPublisher({ clipPath, rtmpUrl: other.publishUrl });
    await waitFor('its playlist', async () => (await fetch(`${other.liveUrl}/360p/media.m3u8`)).ok);
    expect(await platform.ffmpegPids()).toHaveLength(2);
    process.kill(silent.pid, 'SIGSTOP'); // its socket stays open: nothing comes, and no goodbye
    await waitFor('one FFmpeg', async () => (await platform.ffmpegPids()).length === 1);
    await strangersGone();
    await silent.kill();
  });

  test('several publishes on one connection, which ends with all that it held', async () => {
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

  test.each(GARBAGE)('garbage: $name', async ({ run }) => {
    const client = await openStranger();
    client.socket.resume();
    await run(client, stream.playbackId);
    await client.closed;
    await strangersGone();
  });

  test('silence, handshakes that never end, and peers that stay half open, none of which keeps its connection', async () => {
    const address = strangerAddress();
    const silent = Array.from({ length: 10 }, () => openSilent(port, address));
    const dribbled = Array.from({ length: 5 }, () => dribbleHandshake(port, address));
    const shaken = await Promise.all(Array.from({ length: 5 }, () => RtmpClient.open(port, strangerAddress())));
    await Promise.all(shaken.map((client) => client.handshake()));
    await Promise.all([...silent.map((socket) => once(socket, 'end')), ...dribbled]);
    await Promise.all(shaken.map((client) => client.closed));
    await strangersGone();
    for (const socket of silent) socket.destroy();
  });

  test('a flood of connections of one address, while others still get in', async () => {
    const address = strangerAddress();
    const flood = Array.from({ length: FLOOD }, () => openSilent(port, address));
    await waitFor(
      'refusals',
      async () => flood.filter((socket) => socket.readableEnded || socket.destroyed).length >= FLOOD - 20,
    );
    expect(await heldConnections(port)).toBeLessThanOrEqual(1 + 20);
    const guest = await openStranger();
    await expect(guest.prepare()).resolves.toBeUndefined();
    guest.destroy();
    for (const socket of flood) socket.destroy();
    await strangersGone();
  });

  test('all of that without the loss of a frame', async () => {
    const seen = collector.count;
    await waitFor('segments after the last attack', async () => collector.count > seen + 1);
    const { msns, file } = await collector.stop();
    const folder = await mkdtemp(join(tmpdir(), 'headend-hostile-'));
    const path = join(folder, '360p.mp4');
    await writeFile(path, file);
    const numbers = await decodeFrameNumbers(['-i', path]);
    await rm(folder, { recursive: true });
    const first = numbers[0] ?? 0;
    expect(numbers.length).toBeGreaterThan(300);
    expect(numbers).toEqual(numbers.map((_, index) => (first + index) % CLIP_FRAMES));
    expect(msns).toEqual(msns.map((_, index) => (msns[0] ?? 0) + index));
    expect(await platform.log()).not.toMatch(/FFmpeg failed|replacing FFmpeg/);
    expect(await platform.ffmpegPids()).toHaveLength(1);
  });
});

/** The same clients against the parser's own server: they show that the tests above can fail, and why there is a guard. */
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

  /** A viewer of `live/victim`; `injected` resolves once a stranger's frame has come. */
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

  test('viewers see media from a client that lacks the signature', async () => {
    server = await startUnguardedRtmp(generateSecret(randomBytes));
    const { injected } = await watch();
    await publishRefused.run(await open(), 'victim');
    await injected;
  });

  test('of several publishes on one connection all but the last are held for ever', async () => {
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

  test('a flood of silent connections of one address stays', async () => {
    server = await startUnguardedRtmp();
    const flood = Array.from({ length: FLOOD }, () => openSilent(server.port, '127.0.0.1'));
    await Promise.all(flood.map((socket) => once(socket, 'connect')));
    const guest = await open();
    await guest.prepare();
    expect(flood.filter((socket) => socket.readableEnded || socket.destroyed)).toEqual([]);
    for (const socket of flood) socket.destroy();
  });
});
