import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { pino } from 'pino';
import type { Authorise } from '#domain/ingest-auth.ts';
import { DEFAULT_RTMP_LIMITS } from '#encoder/guard/rtmp-limits.ts';
import { UnsupportedSourceError } from '#encoder/media/source-description.ts';
import { SourceProbe } from '#encoder/media/source-probe.ts';
import type { AcceptPublisher, PublisherHandler } from '#encoder/rtmp/publisher.ts';
import { PublisherRegistry } from '#encoder/rtmp/publisher-registry.ts';
import { startRtmpServer } from '#encoder/rtmp/rtmp-server.ts';
import { readEnhancedCodecs } from '#encoder/transcode/ffmpeg-decoders.ts';
import { StepArbiter } from '#encoder/transcode/step-arbiter.ts';
import { STEP_LIMITS } from '#encoder/transcode/step-policy.ts';
import { Transcoder } from '#encoder/transcode/transcoder.ts';
import { ALLOWED_PREFIX, ENCODED_PREFIX } from './keys.ts';
import type { TargetMessage } from './start-target.ts';

/** Short timeouts, so that a run does not consist of connections that wait for them. */
const LIMITS = {
  ...DEFAULT_RTMP_LIMITS,
  handshakeTimeoutMs: 500,
  publishTimeoutMs: 500,
  decisionTimeoutMs: 1_000,
  idleTimeoutMs: 1_000,
  unpublishGraceMs: 200,
  closeGraceMs: 200,
  failedKeyDelayMs: 50,
};

/** Extra time for a machine that is busy with other work. */
const BUSY_MACHINE_MS = 5_000;

const log = pino({ level: 'silent' });
let publishes = 0;
let transcoders = 0;

const authorise: Authorise = async ({ streamKey }) => {
  if (streamKey.startsWith(ALLOWED_PREFIX) || streamKey.startsWith(ENCODED_PREFIX)) {
    const stream = {
      streamId: streamKey,
      playbackId: 'fuzz',
      version: null,
      ladder: '360p',
      latency: 'low',
      maxInputKbps: 1_456,
    } as const;
    return { allow: true, stream };
  }
  return { allow: false, code: 'NetStream.Publish.BadName', description: 'This stream key is unknown.' };
};

const acceptPublisher: AcceptPublisher = async (publisher) => {
  publishes++;
  const isTranscoded = publisher.stream.streamId.startsWith(ENCODED_PREFIX);
  return isTranscoded ? transcode(publisher) : probe(publisher);
};

type AcceptedPublisher = Parameters<AcceptPublisher>[0];

/** Reads the tags like a transcoder, but without FFmpeg. */
function probe(publisher: AcceptedPublisher): PublisherHandler {
  const source = new SourceProbe();
  return {
    onTag: (tag) => {
      try {
        source.add(tag);
        source.description();
      } catch (error) {
        if (!(error instanceof UnsupportedSourceError)) throw error;
        publisher.end('NetStream.Publish.Rejected', error.message);
      }
    },
    onClose: () => undefined,
    isPlayable: () => false,
    onContested: () => undefined,
  };
}

/** Hostile input may be too much for FFmpeg, but it has no viewers. */
const arbiter = new StepArbiter({
  limits: STEP_LIMITS,
  architecture: 'x64',
  vCpus: availableParallelism(),
  idleVCpus: () => null,
  now: Date.now,
});

function transcode(publisher: AcceptedPublisher): PublisherHandler {
  let epoch = 0;
  transcoders++;
  const transcoder = new Transcoder({
    stream: publisher.stream,
    nextEpoch: () => ++epoch,
    onCost: () => undefined,
    beginRun: () => ({ write: () => 0, end: () => 0 }),
    fits: () => true,
    onRestart: () => undefined,
    arbiter,
    firstLevel: 0,
    onQualityStep: () => undefined,
    onFatal: (_reason, description) => publisher.end('NetStream.Publish.Rejected', description),
    spawn,
    now: Date.now,
    log,
  });
  return {
    onTag: (tag, receivedAtMs) => transcoder.onTag(tag, receivedAtMs),
    onClose: () => void transcoder.stop(),
    isPlayable: () => false,
    onContested: () => undefined,
  };
}

function send(message: TargetMessage): void {
  process.send?.(message);
}

/** The server under attack, in its own process. Sends its port to the fuzzer, and a report on request. */
async function main(): Promise<void> {
  const enhancedCodecs = await readEnhancedCodecs(spawn);
  const server = await startRtmpServer({
    registry: new PublisherRegistry({ now: Date.now }),
    hosts: ['127.0.0.1'],
    port: 0,
    authorise,
    acceptPublisher,
    onRefused: () => undefined,
    limits: LIMITS,
    enhancedCodecs,
    now: Date.now,
    randomBytes,
    log,
  });
  const { unpublishGraceMs, closeGraceMs, ...limits } = LIMITS;
  const closeTimeoutMs =
    limits.handshakeTimeoutMs +
    limits.publishTimeoutMs +
    limits.decisionTimeoutMs +
    limits.idleTimeoutMs +
    unpublishGraceMs +
    closeGraceMs +
    BUSY_MACHINE_MS;
  send({ type: 'ready', port: server.port, closeTimeoutMs });
  let isClosing = false;
  process.on('message', (message) => {
    if (message === 'report') {
      globalThis.gc?.(); // garbage is not a leak
      const resources = process.getActiveResourcesInfo();
      send({ type: 'report', resources, violations: server.violations, publishes, transcoders });
    } else {
      isClosing = true;
      void server.close().then(() => process.disconnect()); // if nothing is left over, the process ends by itself
    }
  });
  process.once('disconnect', () => {
    if (!isClosing) process.exit(1); // the fuzzer has ended
  });
}

await main();
