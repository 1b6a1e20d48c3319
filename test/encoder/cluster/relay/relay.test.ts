import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, request as startRequest } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { BEAT_FRAME, encodeRelayHead, encodeTagHeader } from '#encoder/cluster/relay/relay-frames.ts';
import { encodeRelayMessage, RELAY_PATH } from '#encoder/cluster/relay/relay-messages.ts';
import { AUDIO_TAG, type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { type PublisherHandler, PublishRefusal } from '#encoder/rtmp/publisher.ts';
import { Takeovers } from '#encoder/rtmp/takeovers.ts';
import { Random } from '#kit/random.ts';
import { RtmpClient } from '#kit/rtmp-client.ts';
import { waitFor } from '#kit/wait-for.ts';
import { deferred } from '#test/support/deferred.ts';
import { RecordingServer, streamOf } from '../../rtmp/recording-server.ts';
import { AUTHORIZATION, closeServers, listen, Owner, RelayedClient, SILENT, TASK_ID } from './relay-ends.ts';

const REJECTED = 'NetStream.Publish.Rejected';
const BAD_NAME = 'NetStream.Publish.BadName';
const LOST = { code: REJECTED, description: 'The server was lost; connect again' };
const SLOW = { code: REJECTED, description: 'The server does not keep up; connect again' };
const LONG_MS = 60_000;
const BEAT_MS = 10;
const HEAD = encodeRelayHead({
  ...{
    toTaskId: TASK_ID,
    publisherId: 'connection-1',
    remoteAddress: '192.0.2.7',
    software: null,
    stream: streamOf('key'),
  },
  takeovers: [],
});

afterEach(closeServers);

const sound = (text: string): FlvTag => ({ type: AUDIO_TAG, timestampMs: 40, payload: Buffer.from(text) });
const encodeTag = (tag: FlvTag) => Buffer.concat([encodeTagHeader(tag, 1), tag.payload]);

describe('a publish that is relayed', () => {
  test('is known to its owner as on the task that it came to', async () => {
    const owner = await Owner.start();
    const client = new RelayedClient();
    await client.relay(owner.address);
    const { id, remoteAddress, software, stream } = client.publisher;
    expect(owner.recorder.recordings[0]?.publisher).toMatchObject({ id, remoteAddress, software, stream });
    expect(owner.requests.map(({ headers }) => headers.authorization)).toEqual([AUTHORIZATION]);
  });

  test('brings the takeovers that either task has counted, and names an encoder that was refused', async () => {
    const [here, there] = [new Takeovers({ now: Date.now }), new Takeovers({ now: Date.now })];
    const client = new RelayedClient();
    const { streamId } = client.publisher.stream;
    there.learn(streamId, [{ publisherId: 'a', ageMs: 40_000 }]);
    here.learn(streamId, [{ publisherId: 'b', ageMs: 5_000 }]);
    const owner = await Owner.start({ takeovers: there });
    const handler = await client.relay(owner.address, { takeovers: here });
    for (const takeovers of [here, there])
      expect(takeovers.of(streamId).map(({ publisherId }) => publisherId)).toEqual(['a', 'b']);
    handler.onContested('192.0.2.9');
    await waitFor('the address', () => owner.recorder.recordings[0]?.refusedAddresses.includes('192.0.2.9'));
  });

  test('is not taken by another task than the one that is meant', async () => {
    const owner = await Owner.start();
    await expect(new RelayedClient().relay(owner.address, { taskId: 'former' })).rejects.toThrow('status 421');
    expect(owner.recorder.recordings).toEqual([]);
    await Promise.all(owner.closed);
  });

  test('has its tags and times of arrival handed over, and ends when the publisher leaves', async () => {
    const owner = await Owner.start();
    const handler = await new RelayedClient().relay(owner.address);
    const tags = [sound('first'), { type: VIDEO_TAG, timestampMs: 2 ** 32 - 1, payload: Buffer.alloc(0) } as const];
    for (const tag of tags) handler.onTag(tag, 1_700_000_000_000.5);
    handler.onClose('lost');
    handler.onTag(sound('late'), 0);
    await owner.recorder.until(() => owner.recorder.recordings[0]?.closes === 1);
    expect(owner.tags).toEqual(tags);
    expect(owner.recorder.recordings[0]?.receivedAtMs).toEqual(tags.map(() => 1_700_000_000_000.5));
    await Promise.all(owner.closed);
    expect(owner.logLines.at(-1)).toMatchObject({ streamId: 'stream-key', reason: 'the publisher left' });
  });

  test.each(['stopped', 'lost'] as const)('tells its owner that the publisher has %s', async (departure) => {
    const owner = await Owner.start();
    const handler = await new RelayedClient().relay(owner.address);
    handler.onTag(sound('last'), 0);
    handler.onClose(departure);
    await owner.recorder.until(() => owner.recorder.recordings[0]?.closes === 1);
    expect(owner.recorder.recordings[0]).toMatchObject({ departure, tags: [sound('last')] });
    await Promise.all(owner.closed);
  });

  test('is playable as soon as its owner says so, and not before', async () => {
    const owner = await Owner.start();
    const handler = await new RelayedClient().relay(owner.address);
    handler.onTag(sound('first'), 0);
    await owner.recorder.until(() => owner.tags.length === 1);
    expect(handler.isPlayable()).toBe(false);
    for (const recording of owner.recorder.recordings) recording.isPlayable = true;
    handler.onTag(sound('second'), 0);
    await waitFor('playable', () => handler.isPlayable());
    handler.onClose('lost');
  });

  test('is ended by its owner with the owner’s words, takes no further tag, and is not reported twice', async () => {
    const owner = await Owner.start();
    const client = new RelayedClient();
    const handler = await client.relay(owner.address);
    const { publisher } = owner.recorder.recordings[0] ?? {};
    publisher?.end(BAD_NAME, 'The key was rotated');
    publisher?.end(REJECTED, 'again');
    handler.onTag(sound('late'), 0);
    expect(await client.ended).toEqual({ code: BAD_NAME, description: 'The key was rotated' });
    await Promise.all(owner.closed);
    expect(owner.recorder.recordings[0]).toMatchObject({ closes: 1, tags: [] });
    expect(client.ends).toHaveLength(1);
    expect(client.refusals).toEqual([]);
  });

  test('is sent away by its owner, which takes its tags until it leaves', async () => {
    const owner = await Owner.start();
    const client = new RelayedClient();
    const handler = await client.relay(owner.address);
    owner.recorder.recordings[0]?.publisher.sendAway();
    await waitFor('the request', () => client.timesSentAway === 1);
    handler.onTag(sound('after the request'), 0);
    await owner.recorder.until(() => owner.tags.length === 1);
    handler.onClose('lost');
    await Promise.all(owner.closed);
    owner.recorder.recordings[0]?.publisher.sendAway();
    expect(client).toMatchObject({ timesSentAway: 1, ends: [], refusals: [] });
  });

  test('outlives the time that a request’s headers may take, and silence of the publisher', async () => {
    const owner = await Owner.start({ beatMs: BEAT_MS });
    const client = new RelayedClient();
    const handler = await client.relay(owner.address, { beatMs: BEAT_MS });
    // Twice the limit on headers, and many times the limit on silence.
    await new Promise((resolve) => setTimeout(resolve, 200));
    handler.onTag(sound('still here'), 0);
    await owner.recorder.until(() => owner.tags.length === 1);
    expect(client.ends).toEqual([]);
    handler.onClose('lost');
  });

  test('ends if the owner’s handler throws, which closes that handler', async () => {
    const closed = deferred<void>();
    const handler: PublisherHandler = {
      onTag: () => {
        throw new Error('handler bug');
      },
      onClose: () => {
        closed.resolve();
        throw new Error('another bug');
      },
      isPlayable: () => false,
      onContested: () => undefined,
    };
    const owner = await Owner.start({ acceptPublisher: async () => handler });
    const client = new RelayedClient();
    (await client.relay(owner.address)).onTag(sound('any'), 0);
    expect(await client.ended).toMatchObject({ code: REJECTED, description: expect.stringContaining('failed') });
    await closed.promise;
    await Promise.all(owner.closed);
  });
});

describe('a relay is refused', () => {
  test('with the owner’s code and words', async () => {
    const owner = await Owner.start({ acceptPublisher: () => Promise.reject(new PublishRefusal(BAD_NAME, 'No: ä')) });
    const client = new RelayedClient();
    const refusal = client.relay(owner.address);
    await expect(refusal).rejects.toBeInstanceOf(PublishRefusal);
    await expect(refusal).rejects.toMatchObject({ code: BAD_NAME, message: 'No: ä' });
    await Promise.all(owner.closed);
    expect([client.ends, client.refusals]).toEqual([[], []]);
  });

  test('for now, if the owner fails to decide', async () => {
    const owner = await Owner.start({ acceptPublisher: () => Promise.reject(new Error('no store')) });
    const refusal = new RelayedClient().relay(owner.address);
    await expect(refusal).rejects.toBeInstanceOf(PublishRefusal);
    await expect(refusal).rejects.toMatchObject({ code: REJECTED, message: expect.not.stringContaining('store') });
  });

  test('if the owner ends it before it is accepted, and the handler is closed', async () => {
    const owner = await Owner.start({
      acceptPublisher: async (publisher) => {
        publisher.end(BAD_NAME, 'Deleted');
        return owner.recorder.record(publisher);
      },
    });
    await expect(new RelayedClient().relay(owner.address)).rejects.toMatchObject({ code: BAD_NAME });
    await Promise.all(owner.closed);
    expect(owner.recorder.recordings[0]?.closes).toBe(1);
  });
});

const respond = (response: ServerResponse, ...lines: readonly string[]) => {
  response.writeHead(200);
  response.flushHeaders();
  for (const line of lines) response.write(line);
};
const ACCEPTED = encodeRelayMessage({ accepted: true, takeovers: [] });

describe('a task that does not take a publish', () => {
  test.each<[string, (request: IncomingMessage, response: ServerResponse) => void, RegExp]>([
    ['says nothing', () => undefined, /no answer in time/],
    ['does not decide', (_, response) => respond(response), /no decision in time/],
    ['refuses the credential', (_, response) => void response.writeHead(401).end(), /status 401/],
    ['redirects', (_, response) => void response.writeHead(307, { location: '/' }).end(), /status 307/],
    ['hangs up', (request) => void request.destroy(), /hang up|ECONNRESET/],
    [
      'hangs up while it decides',
      (request, response) => {
        respond(response);
        setTimeout(() => request.destroy(), 20);
      },
      /aborted|cut|closed|ECONNRESET/,
    ],
    [
      'ends its answer',
      (_, response) => {
        respond(response);
        response.end();
      },
      /ended/,
    ],
    ['answers no JSON', (_, response) => respond(response, 'what?\n'), /no JSON/],
    ['speaks out of turn', (_, response) => respond(response, encodeRelayMessage({ playable: true })), /unexpected/],
  ])('and %s is no refusal, so that another task can be asked', async (_, handle, reason) => {
    const client = new RelayedClient();
    const address = await listen(handle);
    const relay = client.relay(address, { connectTimeoutMs: 150, acceptTimeoutMs: 150 });
    await expect(relay).rejects.toThrow(reason);
    await expect(relay).rejects.not.toBeInstanceOf(PublishRefusal);
    expect([client.ends, client.refusals]).toEqual([[], []]);
  });

  test('and cannot be reached is no refusal, and the error has no secret', async () => {
    const address = await listen(() => undefined);
    await closeServers();
    const relay = new RelayedClient().relay(address);
    await expect(relay).rejects.toMatchObject({ name: 'Error', message: expect.stringContaining('ECONNREFUSED') });
    await expect(relay).rejects.toMatchObject({ message: expect.not.stringContaining(AUTHORIZATION) });
    await expect(new RelayedClient().relay('no address')).rejects.toThrow('Invalid URL');
  });

  test('and does not even speak HTTP is no refusal', async () => {
    const server = createServer((socket) => void socket.end('SSH-2.0\r\n')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await expect(new RelayedClient().relay(`127.0.0.1:${port}`)).rejects.toThrow(/Parse Error/);
    server.close();
  });
});

describe('the owner is lost', () => {
  test.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    ['it resets the connection', (request) => void request.socket.resetAndDestroy()],
    ['it closes the connection', (request) => void request.destroy()],
    ['it ends its answer without a reason', (_, response) => void response.end()],
    ['it speaks nonsense', (_, response) => void response.write('{"end":{}}\n')],
    ['it never ends a line', (_, response) => void response.write(' '.repeat(5_000))],
    ['it accepts twice', (_, response) => void response.write(ACCEPTED)],
    ['it falls silent', () => undefined],
  ])('if %s, and the broadcaster is told to connect again', async (_, lose) => {
    let connection: [IncomingMessage, ServerResponse] | null = null;
    const address = await listen((request, response) => {
      connection = [request, response];
      request.on('error', () => undefined);
      request.resume();
      respond(response, ACCEPTED);
    });
    const client = new RelayedClient();
    await client.relay(address, { beatMs: BEAT_MS });
    if (connection !== null) lose(...(connection as [IncomingMessage, ServerResponse]));
    expect(await client.ended).toEqual(LOST);
    expect(client.refusals).toEqual([{ ...LOST, streamId: 'stream-key', sourceAddress: '192.0.2.7' }]);
  });

  test('and what viewers could already play was no refused publish', async () => {
    let socket: Socket | null = null;
    const address = await listen((request, response) => {
      socket = request.socket;
      request.on('error', () => undefined);
      respond(response, ACCEPTED, encodeRelayMessage({ playable: true }));
    });
    const client = new RelayedClient();
    const handler = await client.relay(address);
    await waitFor('playable', () => handler.isPlayable());
    (socket as Socket | null)?.destroy();
    expect(await client.ended).toEqual(LOST);
    expect(client.refusals).toEqual([]);
  });
});

test('an owner that goes on after the publisher has left is cut', async () => {
  let response: ServerResponse | null = null;
  const address = await listen((request, answer) => {
    request.resume();
    response = answer;
    respond(answer, ACCEPTED);
  });
  (await new RelayedClient().relay(address)).onClose('lost');
  await waitFor('the cut', () => response?.closed ?? false);
});

test('a relay that is over leaves no timer behind', async () => {
  const owner = await Owner.start();
  const timers = () => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
  const before = timers();
  const [left, ended] = [new RelayedClient(), new RelayedClient()];
  (await left.relay(owner.address)).onClose('lost');
  await ended.relay(owner.address);
  owner.recorder.recordings[1]?.publisher.end(BAD_NAME, 'Deleted');
  await Promise.all(owner.closed);
  await waitFor('the end of both connections', () => owner.requests.every(({ socket }) => socket.closed));
  await waitFor('the end of all timers', () => timers() <= before, { timeoutMs: 500, intervalMs: 10 });
});

describe('an owner that does not read', () => {
  /** Accepts and says that it is alive, and reads nothing. */
  const stuck = () =>
    listen((request, response) => {
      request.on('error', () => undefined);
      request.pause();
      respond(response, ACCEPTED);
      const beats = setInterval(() => response.write(encodeRelayMessage({ alive: true })), BEAT_MS);
      response.once('close', () => clearInterval(beats));
    });
  const picture: FlvTag = { type: VIDEO_TAG, timestampMs: 0, payload: Buffer.alloc(1_000_000) };

  test('ends the publish when too many bytes wait', async () => {
    const client = new RelayedClient();
    const handler = await client.relay(await stuck(), { beatMs: LONG_MS, maxUnsentBytes: 3_000_000 });
    let sent = 0;
    for (; client.ends.length === 0 && sent < 100; sent++) {
      handler.onTag(picture, 0);
      await new Promise(setImmediate);
    }
    expect(client.ends).toEqual([SLOW]);
    expect(sent).toBeGreaterThan(3);
    expect(client.refusals).toHaveLength(1);
  });

  test('is sent no more by a publisher that can wait', async () => {
    const client = new RelayedClient();
    const handler = await client.relay(await stuck(), { beatMs: LONG_MS });
    expect(handler.isCrowded?.()).toBe(false);
    let sent = 0;
    for (; !handler.isCrowded?.() && sent < 100; sent++) {
      handler.onTag(picture, 0);
      await new Promise(setImmediate);
    }
    expect(sent).toBeLessThan(100);
    expect(client.ends).toEqual([]);
    handler.onClose('lost');
  });

  test('ends the publish when a tag waits for too long', async () => {
    const client = new RelayedClient();
    const handler = await client.relay(await stuck(), { beatMs: BEAT_MS, maxUnsentBytes: 100_000_000 });
    for (let count = 0; count < 30; count++) handler.onTag(picture, 0);
    expect(client.ends).toEqual([]);
    expect(await client.ended).toEqual(SLOW);
  });
});

describe('a request to the owner', () => {
  const ask = (address: string) => {
    const request = startRequest(`http://${address}${RELAY_PATH}`, { method: 'POST', agent: false });
    request.on('error', () => undefined);
    return request;
  };
  const statusOf = async (request: ReturnType<typeof ask>) => {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => undefined);
    response.resume();
    return response.statusCode;
  };

  /** Sends a head, and goes on when it is answered. */
  const confirm = async (request: ReturnType<typeof ask>) => {
    request.write(HEAD);
    expect(await statusOf(request)).toBe(200);
    request.write(BEAT_FRAME);
  };

  test.each<[string, Buffer | null]>([
    ['too long a head', Buffer.from([0, 0, 0x40, 1])],
    ['garbage for a head', Buffer.concat([Buffer.from([0, 0, 0, 9]), Buffer.alloc(9, 0x7b)])],
    ['a tag before its acceptance', Buffer.concat([HEAD, encodeTag(sound('early'))])],
    ['no head in time', null],
    ['half a head in time', HEAD.subarray(0, 9)],
  ])('with %s gets status 400, and nothing is accepted', async (_, body) => {
    const owner = await Owner.start({ headTimeoutMs: 50 });
    const request = ask(owner.address);
    if (body === null) request.flushHeaders();
    else request.write(body);
    expect(await statusOf(request)).toBe(400);
    await Promise.all(owner.closed);
    expect(owner.recorder.recordings).toEqual([]);
    request.destroy();
  });

  test.each<[string, Buffer]>([
    ['before its head', Buffer.alloc(0)],
    ['within its head', HEAD.subarray(0, 40)],
  ])('that breaks off %s leaves nothing behind', async (_, body) => {
    const owner = await Owner.start({ headTimeoutMs: LONG_MS });
    const request = ask(owner.address);
    request.flushHeaders();
    request.write(body);
    await waitFor('the request', () => owner.closed.length === 1);
    request.destroy();
    await Promise.all(owner.closed);
    expect(owner.recorder.recordings).toEqual([]);
  });

  test('whose sender has given up before the answer is not accepted', async () => {
    const owner = await Owner.start();
    const request = ask(owner.address);
    // As the owner finds it that was suspended meanwhile.
    request.write(HEAD);
    request.end();
    await waitFor('the request', () => owner.closed.length === 1);
    await Promise.all(owner.closed);
    expect(owner.recorder.recordings).toEqual([]);
  });

  test('that breaks off while it is decided has its handler closed', async () => {
    const acceptance = deferred<void>();
    const asked = deferred<void>();
    const owner = await Owner.start({
      acceptPublisher: async (publisher) => {
        asked.resolve();
        await acceptance.promise;
        return owner.recorder.record(publisher);
      },
    });
    const request = ask(owner.address);
    await confirm(request);
    await asked.promise;
    request.destroy();
    await waitFor('the end', () => owner.requests.every(({ closed }) => closed));
    acceptance.resolve();
    await Promise.all(owner.closed);
    expect(owner.recorder.recordings[0]).toMatchObject({ closes: 1, tags: [] });
    expect(owner.logLines.map(({ msg }) => msg)).toEqual(['relayed publish ended']);
  });

  test.each<[string, (request: ReturnType<typeof ask>) => void, string]>([
    ['breaks off', (request) => void request.destroy(), 'the connection broke'],
    ['breaks off within a tag', (request) => void cutWithin(request), 'the connection broke'],
    ['ends within a tag', (request) => void request.end(encodeTag(sound('cut')).subarray(0, 18)), 'the publisher left'],
    ['sends nonsense', (request) => void request.write(Buffer.alloc(16, 7)), 'type 7'],
    ['falls silent', () => undefined, 'silence'],
  ])('that %s when it is live has its handler closed', async (_, lose, reason) => {
    const owner = await Owner.start({ beatMs: BEAT_MS });
    const request = ask(owner.address);
    await confirm(request);
    await owner.recorder.until(() => owner.recorder.recordings.length === 1);
    request.write(encodeTag(sound('whole')));
    await owner.recorder.until(() => owner.tags.length === 1);
    lose(request);
    await Promise.all(owner.closed);
    expect(owner.recorder.recordings[0]?.closes).toBe(1);
    expect(owner.tags).toHaveLength(1);
    expect(owner.logLines.at(-1)).toMatchObject({ msg: 'relayed publish ended', reason });
    request.destroy();
  });

  test('that goes on after its publish was ended has nothing more passed on, and is cut', async () => {
    const owner = await Owner.start({
      acceptPublisher: async (publisher) => {
        const recorder = owner.recorder.record(publisher);
        return {
          ...recorder,
          onTag: (tag, receivedAtMs) => {
            recorder.onTag(tag, receivedAtMs);
            publisher.end(BAD_NAME, 'Enough');
          },
        };
      },
    });
    const request = ask(owner.address);
    await confirm(request);
    await owner.recorder.until(() => owner.recorder.recordings.length === 1);
    request.write(Buffer.concat([encodeTag(sound('one')), encodeTag(sound('two'))]));
    await Promise.all(owner.closed);
    request.write(encodeTag(sound('three')));
    await waitFor('the cut', () => request.closed);
    expect(owner.tags.map(({ payload }) => payload.toString())).toEqual(['one']);
    expect(owner.recorder.recordings[0]?.closes).toBe(1);
  });

  test('that goes on after garbage is logged once', async () => {
    const owner = await Owner.start();
    const request = ask(owner.address);
    request.write(Buffer.alloc(4, 0xff));
    expect(await statusOf(request)).toBe(400);
    request.write(Buffer.alloc(100_000, 0xff));
    await waitFor('the cut', () => request.closed);
    expect(owner.logLines.map(({ msg }) => msg)).toEqual(['relay protocol violated']);
  });

  const cutWithin = async (request: ReturnType<typeof ask>) => {
    request.write(encodeTag(sound('cut')).subarray(0, 18));
    await new Promise(setImmediate);
    request.destroy();
  };

  const mutate = (bytes: Buffer, random: Random): Buffer => {
    const mutated = Buffer.from(bytes);
    if (random.chance(0.5)) mutated[random.below(mutated.length)] = random.below(256);
    return mutated.subarray(0, random.chance(0.8) ? mutated.length : random.below(mutated.length));
  };

  test('with any bytes whatever closes every handler once, and harms no other', async () => {
    const owner = await Owner.start({ headTimeoutMs: 20, beatMs: BEAT_MS });
    const good = await new RelayedClient().relay(owner.address, { beatMs: BEAT_MS });
    for (let iteration = 0; iteration < 60; iteration++) {
      const random = Random.forIteration(3, iteration);
      const request = ask(owner.address);
      request.write(mutate(HEAD, random));
      if ((await statusOf(request)) === 200) {
        request.write(BEAT_FRAME);
        request.write(mutate(Buffer.concat([encodeTag(sound('one')), encodeTag(sound('two'))]), random));
      }
      if (random.chance(0.5)) request.end();
      else request.destroy();
    }
    good.onTag(sound('unharmed'), 0);
    await owner.recorder.until(() => owner.tags.length === 1);
    good.onClose('lost');
    await Promise.all(owner.closed);
    const { recordings } = owner.recorder;
    expect(recordings.length).toBeGreaterThan(10);
    expect(recordings.length).toBeLessThan(61);
    expect(recordings.map(({ closes }) => closes)).toEqual(recordings.map(() => 1));
  });
});

describe('a broadcaster whose publish is relayed', () => {
  let rtmp: RecordingServer;
  const start = async (address: string) => {
    rtmp = await RecordingServer.start({
      acceptPublisher: (publisher) => {
        const client = new RelayedClient();
        return client.relay(address, { publisher, onRefused: () => undefined, log: SILENT });
      },
    });
    return RtmpClient.open(rtmp.port);
  };
  afterEach(() => rtmp.close());

  test('publishes to the owner and is ended by it', async () => {
    const owner = await Owner.start();
    const client = await start(owner.address);
    expect(await client.publish('key')).toMatchObject({ 3: { code: 'NetStream.Publish.Start' } });
    client.send({ type: AUDIO_TAG, messageStreamId: 1, payload: Buffer.from('sound'), chunkStreamId: 4 });
    await owner.recorder.until(() => owner.tags.length === 1);
    owner.recorder.recordings[0]?.publisher.end(BAD_NAME, 'Deleted');
    expect(await client.answer('onStatus')).toMatchObject({ 3: { code: BAD_NAME, description: 'Deleted' } });
    await client.closed;
    await Promise.all(owner.closed);
  });

  test.each([
    ['is asked to connect again', { capsEx: 1 }, { level: 'status', code: 'NetConnection.Connect.ReconnectRequest' }],
    ['is ended if it can not be asked', {}, { level: 'error', code: REJECTED }],
  ])('%s when the owner drains', async (_, details, info) => {
    const owner = await Owner.start();
    const client = await start(owner.address);
    await client.publish('key', details);
    owner.recorder.recordings[0]?.publisher.sendAway();
    const description = 'The server is being replaced; connect again';
    expect(await client.answer('onStatus')).toMatchObject({ 3: { ...info, description } });
    if (info.level === 'status') client.destroy();
    await Promise.all([client.closed, ...owner.closed]);
    expect(owner.recorder.recordings[0]?.closes).toBe(1);
  });

  test('is told the owner’s refusal', async () => {
    const owner = await Owner.start({ acceptPublisher: () => Promise.reject(new PublishRefusal(REJECTED, 'Full')) });
    const client = await start(owner.address);
    expect(await client.publish('key')).toMatchObject({ 3: { code: REJECTED, description: 'Full' } });
  });

  test('is told when the owner is lost', async () => {
    const owner = await Owner.start();
    const client = await start(owner.address);
    await client.publish('key');
    await closeServers();
    expect(await client.answer('onStatus')).toMatchObject({ 3: LOST });
  });

  test('closes the owner’s handler when it leaves', async () => {
    const owner = await Owner.start();
    const client = await start(owner.address);
    await client.publish('key');
    client.destroy();
    await Promise.all(owner.closed);
    expect(owner.recorder.recordings[0]?.closes).toBe(1);
  });
});
