import { randomBytes } from 'node:crypto';
import { generateId, generateSecret, hashSecret } from '#domain/stream-ids.ts';
import type { BroadcastState, StreamHealth, StreamHolder, StreamRecord } from '#domain/streams.ts';

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
  warnings: ['The keyframe interval is 8 s, set it to 2 s'],
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
