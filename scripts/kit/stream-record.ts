import { randomBytes } from 'node:crypto';
import { generateId, generateSecret, hashSecret } from '#domain/stream-ids.ts';
import type { BroadcastState, StreamHealth, StreamHolder, StreamRecord } from '#domain/streams.ts';
import type { StreamTrace } from '#domain/traces.ts';

/** A stream with ids of its own. Nobody knows its key unless `keyHash` is given. */
export const makeStreamRecord = (settings: Partial<StreamRecord> = {}): StreamRecord => ({
  id: generateId(randomBytes),
  title: 'A title',
  playbackId: generateId(randomBytes),
  keyHash: hashSecret(generateSecret(randomBytes)),
  ladder: '720p',
  latency: 'low',
  playback: 'public',
  notBefore: null,
  notAfter: null,
  allowedSources: [],
  version: 1,
  createdAt: '2025-01-02T03:04:05.678Z',
  updatedAt: '2025-01-02T03:04:05.678Z',
  deletedAt: null,
  ...settings,
});

/** The health of a live stream, with a value in every field. */
export const STREAM_HEALTH: StreamHealth = {
  inputKbps: 3012.5,
  frameRate: 29.97,
  width: 1280,
  height: 720,
  videoCodec: 'h264',
  audioCodec: 'aac',
  keyframeIntervalSeconds: 2,
  droppedFrames: 3,
  encoderSpeed: 1.02,
  audioLevelDb: -18.5,
  warnings: ['Keyframes come every 8 s; set the keyframe interval to 2 s'],
};

/** A task that holds a stream. */
export const makeStreamHolder = (settings: Partial<StreamHolder> = {}): StreamHolder => ({
  taskId: 'task-1',
  address: '127.0.0.1:8081',
  playbackId: generateId(randomBytes),
  ...settings,
});

/** A broadcast whose publisher is there and which nobody can play yet. */
export const makeBroadcastState = (settings: Partial<BroadcastState> = {}): BroadcastState => ({
  liveSinceMs: null,
  publisherGoneAtMs: null,
  endedAtMs: null,
  qualityLevel: 0,
  sequence: { latency: 'low', nextMsn: 10, discontinuityNumber: 1, offered: null, recordedAtMs: 0 },
  ...settings,
});

/** A trace of a stream whose publisher sent half a second, with an entry in every list. */
export const makeTrace = (settings: Partial<StreamTrace> = {}): StreamTrace => ({
  streamId: 'stream-1',
  recordedAt: '2026-01-02T03:04:05.678Z',
  publishes: [
    {
      ...{ connectedAt: '2026-01-02T03:04:00.000Z', leftAt: '2026-01-02T03:04:05.600Z', sourceAddress: '192.0.2.1' },
      ...{ software: 'FMLE/3.0 (compatible; FMSc/1.0)', endReason: 'publisher-lost' },
    },
  ],
  runs: [
    {
      ...{ epoch: 7, startedAt: '2026-01-02T03:04:01.000Z', endedAt: '2026-01-02T03:04:05.650Z', outcome: 'died' },
      ...{ replacedBecause: null, lastWords: ['Error while decoding'] },
    },
  ],
  warnings: [{ text: 'No sound arrives', since: '2026-01-02T03:04:02.000Z', until: null }],
  tags: {
    receivedAtMs: [1_767_323_040_000, 1_767_323_040_010, 1_767_323_040_050, 1_767_323_042_600],
    timestampMs: [0, 0, 40, 80],
    bytes: [50, 5_000, 200, 1_000],
    kind: ['header', 'keyframe', 'audio', 'video'],
  },
  ...settings,
});
