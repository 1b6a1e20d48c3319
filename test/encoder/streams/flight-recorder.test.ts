import { AUDIO_TAG, type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { FlightRecorder } from '#encoder/streams/flight-recorder.ts';
import { createLogger } from '#runtime/log.ts';
import type { StoredTrace } from '#runtime/trace-store.ts';
import { STREAM } from './test-publish.ts';

const NOW_MS = Date.parse('2026-01-02T03:04:05.000Z');
const later = (seconds: number): string => new Date(NOW_MS + seconds * 1000).toISOString();

function startRecorder() {
  const stored: StoredTrace[] = [];
  const clock = { nowMs: NOW_MS };
  const recorder = new FlightRecorder({
    streamId: STREAM.streamId,
    traces: { put: async (trace) => void stored.push(trace) },
    now: () => clock.nowMs,
    log: createLogger({ service: 'test', level: 'silent' }),
  });
  const saved = async (requestedAtMs: number | null = null) => {
    await recorder.save(requestedAtMs);
    const latest = stored.at(-1);
    if (latest === undefined) throw new Error('nothing was stored');
    return latest;
  };
  return { recorder, saved, clock };
}

const PUBLISHER = {
  ...{ id: 'connection-1', remoteAddress: '192.0.2.1', software: 'FMLE/3.0', stream: STREAM },
  ...{ end: () => undefined, sendAway: () => undefined, hasEnded: () => false },
};

const tag = (type: FlvTag['type'], bytes: readonly number[], timestampMs = 0): FlvTag => ({
  ...{ type, timestampMs },
  payload: Buffer.from(bytes),
});

test('of each tag it keeps times, size and kind, and nothing else', async () => {
  const { recorder, saved } = startRecorder();
  const tags = [
    tag(SCRIPT_TAG, [2, 0]),
    tag(VIDEO_TAG, [0x17, 0, 1]),
    tag(AUDIO_TAG, [0xaf, 0]),
    tag(VIDEO_TAG, [0x17, 1, 1, 1], 40),
    tag(VIDEO_TAG, [0x27, 1], 80),
    tag(AUDIO_TAG, [0xaf, 1, 7, 7, 7], 81),
  ];
  for (const [index, each] of tags.entries()) recorder.onTag(each, NOW_MS - 1_000 + index);
  const { trace } = await saved();
  expect(trace.tags).toEqual({
    receivedAtMs: tags.map((_, index) => NOW_MS - 1_000 + index),
    timestampMs: [0, 0, 0, 40, 80, 81],
    bytes: [2, 3, 2, 4, 2, 5],
    kind: ['script', 'header', 'header', 'keyframe', 'video', 'audio'],
  });
});

test('it keeps a minute, and no more tags than it has room for', async () => {
  const { recorder, saved } = startRecorder();
  recorder.onTag(tag(AUDIO_TAG, [0xaf, 1]), NOW_MS - 60_001);
  for (let index = 0; index < 3; index += 1) recorder.onTag(tag(AUDIO_TAG, [0xaf, 1], index), NOW_MS - 60_000 + index);
  expect((await saved()).trace.tags.timestampMs).toEqual([0, 1, 2]);
  for (let index = 0; index < 10_000; index += 1) recorder.onTag(tag(AUDIO_TAG, [0xaf, 1], index), NOW_MS);
  const { timestampMs } = (await saved()).trace.tags;
  expect([timestampMs.length, timestampMs[0], timestampMs.at(-1)]).toEqual([8_192, 10_000 - 8_192, 9_999]);
});

test('connections, runs and warnings are told as they came', async () => {
  const { recorder, saved, clock } = startRecorder();
  recorder.onPublish(PUBLISHER);
  recorder.onRunStart(7);
  clock.nowMs += 1_000;
  recorder.onWarnings(['no audio arrives']);
  recorder.onWarnings(['no audio arrives', 'another']);
  recorder.onRunReplaced(7, 'the tracks changed');
  clock.nowMs += 1_000;
  recorder.onWarnings(['another']);
  recorder.onRunEnd(7, 'finished', ['frame=1']);
  recorder.onRunStart(8);
  recorder.onPublisherGone(PUBLISHER, 'publisher-lost');
  const { trace, requestedAtMs } = await saved(42);
  expect(requestedAtMs).toBe(42);
  expect(trace).toEqual({
    streamId: STREAM.streamId,
    recordedAt: later(2),
    publishes: [
      {
        ...{ connectedAt: later(0), leftAt: later(2), sourceAddress: '192.0.2.1', software: 'FMLE/3.0' },
        endReason: 'publisher-lost',
      },
    ],
    runs: [
      {
        ...{ epoch: 7, startedAt: later(0), endedAt: later(2), outcome: 'finished', lastWords: ['frame=1'] },
        replacedBecause: 'the tracks changed',
      },
      { epoch: 8, startedAt: later(2), endedAt: null, outcome: null, replacedBecause: null, lastWords: [] },
    ],
    warnings: [
      { text: 'no audio arrives', since: later(1), until: later(2) },
      { text: 'another', since: later(1), until: later(2) },
    ],
    tags: { receivedAtMs: [], timestampMs: [], bytes: [], kind: [] },
  });
});

test('however long it goes on, the trace stays small', async () => {
  const { recorder, saved, clock } = startRecorder();
  for (let index = 0; index < 500; index += 1) {
    clock.nowMs += 1_000;
    recorder.onPublish(PUBLISHER);
    recorder.onRunStart(index);
    recorder.onRunEnd(index, 'died', ['a line']);
    recorder.onWarnings([`warning ${index}`]);
    recorder.onPublisherGone(PUBLISHER, 'publisher-lost');
  }
  const { publishes, runs, warnings } = (await saved()).trace;
  expect([publishes.length, runs.length, warnings.length]).toEqual([10, 10, 50]);
  expect(runs.at(-1)?.epoch).toBe(499);
});
