import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Logger } from 'pino';
import type { Architecture } from '#domain/encoder-capacity.ts';
import type { EmitEvent } from '#domain/events.ts';
import { METRICS_INTERVAL_SECONDS } from '#domain/metrics.ts';
import { createDocumentClient, createEventBridgeClient, createLambdaClient } from '#runtime/aws-clients.ts';
import { createIngestAuthClient, INGEST_AUTH_TIMEOUT_MS } from '#runtime/ingest-auth-client.ts';
import { createLiveStore } from '#runtime/live-store.ts';
import { createLogger } from '#runtime/log.ts';
import { openSharedSecret, type SharedSecret } from '#runtime/shared-secret.ts';
import { createSlateImageStore, type SlateImageStore } from '#runtime/slate-image-store.ts';
import { createStreamIndex, type StreamIndex } from '#runtime/stream-index.ts';
import { createTaskStore } from '#runtime/task-store.ts';
import { createTimelineStore } from '#runtime/timeline-store.ts';
import { createTraceStore } from '#runtime/trace-store.ts';
import { Cluster } from './cluster/cluster.ts';
import { openClusterCredential } from './cluster/cluster-credential.ts';
import { DeploymentWatch } from './cluster/deployment-watch.ts';
import { readTaskIdentity } from './cluster/task-identity.ts';
import { TaskProtection } from './cluster/task-protection.ts';
import { type EncoderEnvironment, readEncoderEnvironment } from './encoder-environment.ts';
import { createEdgeGate } from './origin/edge-gate.ts';
import { startOriginServer } from './origin/origin-server.ts';
import type { RefusedPublish } from './rtmp/publisher.ts';
import { PublisherRegistry } from './rtmp/publisher-registry.ts';
import { type RtmpServer, startRtmpServer } from './rtmp/rtmp-server.ts';
import { SlateMaker } from './slate/slate-maker.ts';
import { StopRequests } from './stop-requests.ts';
import { encodableStreams } from './streams/encodable-streams.ts';
import { LiveStreams } from './streams/live-streams.ts';
import { TaskRoom } from './streams/task-room.ts';
import { EventBridgeSink } from './telemetry/event-bridge-sink.ts';
import { createEmitter, createLogSink, EventCounter } from './telemetry/event-sinks.ts';
import { MetricsReporter, metricLevels } from './telemetry/metrics-reporter.ts';
import type { MetricsTarget } from './telemetry/metrics-target.ts';
import { RefusalGroups } from './telemetry/refusal-groups.ts';
import { TimelineSink } from './telemetry/timeline-sink.ts';
import { CpuIdle } from './transcode/cpu-idle.ts';
import { readEnhancedCodecs } from './transcode/ffmpeg-decoders.ts';
import { readMissingCodecs } from './transcode/ffmpeg-encoders.ts';
import { StepArbiter } from './transcode/step-arbiter.ts';
import { STEP_LIMITS } from './transcode/step-policy.ts';

/** How long the last events may take when the task stops. Viewers need the rest of the time before SIGKILL. */
const EVENTS_FLUSH_MS = 3_000;
/** How often repeated refusals of one address become an event. */
const REFUSALS_INTERVAL_MS = 10_000;

/** How soon a task is protected from scale-in after its first publisher has come. */
const PROTECTION_CHECK_MS = 1_000;
/** Of the time to stop, what is kept for the end: other tasks take the last streams, and the last events are sent. */
const STOP_RESERVE_MS = 15_000;

/** How long viewers' requests may wait for the next part, which another task makes. Publishers come back within seconds. */
const REQUESTS_DRAIN_MS = 6_000;

/**
 * Runs one encoder task until it is told to stop: RTMP in, HLS out, for its own streams and those of all other tasks. SIGTERM
 * hands the broadcasts over to other tasks; SIGINT ends them. Sends its ports to its parent if there is an IPC channel.
 */
async function main(): Promise<void> {
  const stopRequests = new StopRequests();
  const environment = readEncoderEnvironment(process.env);
  // FFmpeg inherits the variables, and parses what strangers send.
  delete process.env.CLUSTER_SECRET;
  delete process.env.EDGE_SECRET;
  const log = createLogger({ service: 'encoder', level: environment.LOG_LEVEL });

  const bus = openEventBus(environment, log);
  const counter = new EventCounter();
  const store = createTimelineStore({ client: createDocumentClient(), tables: environment });
  const queued = [new TimelineSink({ store, now: Date.now, log }), ...(bus === null ? [] : [bus])];
  const sinks = [createLogSink(log), counter, ...queued];
  const refusals = new RefusalGroups({
    emit: createEmitter({ sinks, now: Date.now, randomBytes }),
    intervalMs: REFUSALS_INTERVAL_MS,
  });
  const { emit } = refusals;

  const registry = new PublisherRegistry({ now: Date.now });
  const onRefused = (refusal: RefusedPublish): void => emit({ type: 'stream.refused', ...refusal });
  const cluster = await startCluster({ environment, stopRequests, registry, onRefused, emit, log });
  const { streams } = cluster;
  const protection = new TaskProtection({
    agentUri: environment.ECS_AGENT_URI,
    isBusy: () => cluster.hasPublishers,
    ...{ fetch, now: Date.now, log },
  });
  const protecting = setInterval(() => protection.update(), PROTECTION_CHECK_MS);
  const askIngestAuth = createIngestAuthClient({
    functionName: environment.INGEST_AUTH_FUNCTION,
    client: createLambdaClient(),
    timeoutMs: INGEST_AUTH_TIMEOUT_MS,
  });
  const rtmp = await startRtmpServer({
    hosts: (environment.RTMP_LISTEN_HOSTS ?? environment.LISTEN_HOST).split(','),
    port: environment.RTMP_PORT,
    authorise: encodableStreams(askIngestAuth, await readMissingCodecs(spawn), log),
    acceptPublisher: (publisher) => cluster.relays.accept(publisher),
    ...{ registry, onRefused },
    limits: environment.RTMP_LIMITS,
    enhancedCodecs: await readEnhancedCodecs(spawn),
    now: Date.now,
    randomBytes,
    log,
  });
  const edge = await openEdgeSecret(environment, log);
  const throughEdge = createEdgeGate(edge === null ? null : (value) => edge.accepts(value));
  // The origin answers the health check, so it starts last: a healthy task accepts publishers.
  const origin = await startOriginServer({
    host: environment.LISTEN_HOST,
    port: environment.HTTP_PORT,
    handle: throughEdge((request) => cluster.answer(request)),
    log,
  });
  const metrics = reportMetrics(environment.metricsTarget, { streams, counter, rtmp, log });
  const ports = { rtmpPort: rtmp.port, httpPort: origin.port, internalPort: cluster.internalPort };
  log.info(ports, 'ready');
  process.send?.(ports);

  const { reason, isDrain } = await stopRequests.first;
  log.info({ reason, isDrain }, 'stopping');
  if (isDrain) {
    process.send?.({ draining: true });
    cluster.drain();
    void protection.release();
    await rtmp.drain();
    await cluster.handOver(environment.STOP_TIMEOUT_SECONDS * 1000 - STOP_RESERVE_MS, stopRequests.endSignal);
  }
  clearInterval(protecting);
  protection.close();
  await rtmp.close();
  if (isDrain && !stopRequests.endSignal.aborted) await streams.leave();
  else await streams.close();
  // Flushed refusals are events that the metrics count.
  refusals.flush();
  metrics?.close();
  await Promise.all(queued.map((sink) => sink.flush(EVENTS_FLUSH_MS)));
  cluster.endStatusWaits();
  if (isDrain) await origin.drain(REQUESTS_DRAIN_MS, stopRequests.endSignal);
  // The origin stays until now, so that viewers can load the ends of the playlists.
  await origin.close();
  await cluster.close();
  process.exit(0);
}

interface ClusterServices {
  readonly environment: EncoderEnvironment;
  readonly stopRequests: StopRequests;
  readonly registry: PublisherRegistry;
  readonly onRefused: (refusal: RefusedPublish) => void;
  readonly emit: EmitEvent;
  readonly log: Logger;
}

async function startCluster({
  environment,
  stopRequests,
  registry,
  onRefused,
  emit,
  log,
}: ClusterServices): Promise<Cluster> {
  const client = createDocumentClient();
  const liveStore = createLiveStore({ client, tables: environment });
  const reconnectWindowMs = environment.RECONNECT_WINDOW_SECONDS * 1000;
  const now = Date.now;
  // A clock that is set must not look like an FFmpeg that hangs.
  const steadyNow = (): number => performance.now();
  const identity = await readTaskIdentity(environment, fetch);
  const deployment = new DeploymentWatch({
    revision: identity.revision,
    drainMinutes: environment.DRAIN_MINUTES,
    onDrain: () => stopRequests.drain('a deployment has replaced the task'),
    now,
  });
  const room = new TaskRoom({ capacityVCpus: environment.CAPACITY_VCPUS, now: steadyNow });
  const architecture = process.arch === 'arm64' ? 'arm64' : 'x64';
  const slates =
    environment.SLATE === 'off'
      ? null
      : createSlateMaker(environment.SLATE_IMAGE, createSlateImageStore({ client, tables: environment }), log);
  const arbiter = createStepArbiter(architecture, steadyNow);
  return Cluster.start({
    identity,
    host: environment.LISTEN_HOST,
    internalPort: environment.INTERNAL_PORT,
    credential: await openClusterCredential({
      ...{ source: environment.clusterSecret, randomBytes, now, log },
    }),
    ...{ registry, onRefused, liveStore },
    taskStore: createTaskStore({ client, tables: environment }),
    streamIndex: openStreamIndex(environment, client),
    createStreams: (task) =>
      new LiveStreams({
        ...task,
        store: liveStore,
        traces: createTraceStore({ client, tables: environment }),
        reconnectWindowMs,
        ...{ room, architecture, arbiter, slates },
        ...{ emit, spawn, now, steadyNow, log },
      }),
    room: () => room.snapshot(),
    reconnectWindowMs,
    onDrainRequested: () => stopRequests.drain('somebody asked the task to drain'),
    onTasks: (tasks) => deployment.see(tasks),
    now,
    log,
  });
}

function createSlateMaker(ownImage: string | null, images: SlateImageStore, log: Logger): SlateMaker {
  const folder = fileURLToPath(new URL('slate', import.meta.url));
  const deployedImage = join(folder, 'image');
  return new SlateMaker({
    imagePath: ownImage ?? (existsSync(deployedImage) ? deployedImage : null),
    readImage: (streamId) => images.get(streamId),
    fontsDir: join(folder, 'fonts'),
    ...{ spawn, log },
  });
}

/** Null if the deployment's streams are known to another backend. */
function openStreamIndex({ STREAMS_TABLE }: EncoderEnvironment, client: DynamoDBDocumentClient): StreamIndex | null {
  return STREAMS_TABLE === null ? null : createStreamIndex({ client, tables: { STREAMS_TABLE } });
}

/** Null if the task is given none. Then it serves no protected stream, except to other tasks. */
async function openEdgeSecret({ edgeSecret }: EncoderEnvironment, log: Logger): Promise<SharedSecret | null> {
  if (edgeSecret === null) return null;
  return openSharedSecret(edgeSecret, { name: 'the secret of the edge', now: Date.now, log });
}

function createStepArbiter(architecture: Architecture, now: () => number): StepArbiter {
  const idle = new CpuIdle(cpus);
  return new StepArbiter({
    limits: STEP_LIMITS,
    architecture,
    vCpus: availableParallelism(),
    idleVCpus: (nowMs) => idle.measure(nowMs),
    now,
  });
}

/** Null if the deployment has no event bus. Then events are only log lines. */
function openEventBus({ EVENT_BUS_NAME }: EncoderEnvironment, log: Logger): EventBridgeSink | null {
  if (EVENT_BUS_NAME === null) return null;
  return new EventBridgeSink({ client: createEventBridgeClient(), eventBusName: EVENT_BUS_NAME, log });
}

interface MetricSources {
  readonly streams: LiveStreams;
  readonly counter: EventCounter;
  readonly rtmp: RtmpServer;
  readonly log: Logger;
}

/** Null if the deployment keeps no metrics. */
function reportMetrics(
  target: MetricsTarget | null,
  { streams, counter, rtmp, log }: MetricSources,
): MetricsReporter | null {
  if (target === null) return null;
  return new MetricsReporter({
    target,
    intervalMs: METRICS_INTERVAL_SECONDS * 1000,
    levels: () => metricLevels(streams.load()),
    totals: () => ({
      EncoderRestarts: counter.count('encoder.restarted'),
      QualitySteps: counter.count('stream.quality-changed'),
      RefusedPublishes: counter.count('stream.refused'),
      PublishesWithoutRoom: streams.load().room.turnedAway,
      RtmpViolations: rtmp.violations,
    }),
    now: Date.now,
    log,
  });
}

await main();
