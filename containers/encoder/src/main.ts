import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { availableParallelism, cpus } from 'node:os';
import type { Logger } from 'pino';
import { METRICS_INTERVAL_SECONDS } from '#domain/metrics.ts';
import { createDocumentClient, createEventBridgeClient, createLambdaClient } from '#runtime/aws-clients.ts';
import { createIngestAuthClient, INGEST_AUTH_TIMEOUT_MS } from '#runtime/ingest-auth-client.ts';
import { createLiveStore } from '#runtime/live-store.ts';
import { createLogger } from '#runtime/log.ts';
import { type EncoderEnvironment, readEncoderEnvironment } from './encoder-environment.ts';
import { OriginHandler } from './origin/origin-handler.ts';
import { startOriginServer } from './origin/origin-server.ts';
import { type RtmpServer, startRtmpServer } from './rtmp/rtmp-server.ts';
import { LiveStreams } from './streams/live-streams.ts';
import { EventBridgeSink } from './telemetry/event-bridge-sink.ts';
import { createEmitter, createLogSink, EventCounter } from './telemetry/event-sinks.ts';
import { MetricsReporter, metricLevels } from './telemetry/metrics-reporter.ts';
import type { MetricsTarget } from './telemetry/metrics-target.ts';
import { RefusalGroups } from './telemetry/refusal-groups.ts';
import { CpuIdle } from './transcode/cpu-idle.ts';
import { readEnhancedCodecs } from './transcode/ffmpeg-decoders.ts';
import { StepArbiter } from './transcode/step-arbiter.ts';
import { STEP_LIMITS } from './transcode/step-policy.ts';

/** How long the last events may take when the task stops. Viewers need the rest of the time before SIGKILL. */
const EVENTS_FLUSH_MS = 3_000;
/** How often repeated refusals of one address become an event. */
const REFUSALS_INTERVAL_MS = 10_000;

/**
 * Runs one encoder task until SIGTERM or SIGINT: RTMP in, HLS out. Sends its ports to its parent if there is an IPC
 * channel.
 */
async function main(): Promise<void> {
  const stopRequest = nextStopRequest();
  const environment = readEncoderEnvironment(process.env);
  const log = createLogger({ service: 'encoder', level: environment.LOG_LEVEL });

  const bus = openEventBus(environment, log);
  const counter = new EventCounter();
  const sinks = [createLogSink(log), counter, ...(bus === null ? [] : [bus])];
  const refusals = new RefusalGroups({
    emit: createEmitter({ sinks, now: Date.now, randomBytes }),
    intervalMs: REFUSALS_INTERVAL_MS,
  });
  const { emit } = refusals;

  const streams = new LiveStreams({
    store: createLiveStore({ client: createDocumentClient(), tables: environment }),
    reconnectWindowMs: environment.RECONNECT_WINDOW_SECONDS * 1000,
    slots: environment.STREAM_SLOTS,
    arbiter: createStepArbiter(),
    emit,
    spawn,
    now: Date.now,
    log,
  });
  const origin = await startOriginServer({
    host: environment.LISTEN_HOST,
    port: environment.HTTP_PORT,
    handler: new OriginHandler((playbackId) => streams.find(playbackId)),
    log,
  });
  const rtmp = await startRtmpServer({
    host: environment.LISTEN_HOST,
    port: environment.RTMP_PORT,
    authorise: createIngestAuthClient({
      functionName: environment.INGEST_AUTH_FUNCTION,
      client: createLambdaClient(),
      timeoutMs: INGEST_AUTH_TIMEOUT_MS,
    }),
    acceptPublisher: (publisher) => streams.accept(publisher),
    onRefused: (refusal) => emit({ type: 'stream.refused', ...refusal }),
    limits: environment.RTMP_LIMITS,
    enhancedCodecs: await readEnhancedCodecs(spawn),
    now: Date.now,
    randomBytes,
    log,
  });
  const metrics = reportMetrics(environment.metricsTarget, { streams, counter, rtmp, log });
  log.info({ rtmpPort: rtmp.port, httpPort: origin.port }, 'ready');
  process.send?.({ rtmpPort: rtmp.port, httpPort: origin.port });

  const reason = await stopRequest;
  log.info({ reason }, 'stopping');
  await rtmp.close();
  await streams.close();
  // Flushed refusals are events that the metrics count.
  refusals.flush();
  metrics?.close();
  await bus?.flush(EVENTS_FLUSH_MS);
  // The origin stays until now, so that viewers can load the ends of the playlists.
  await origin.close();
  process.exit(0);
}

/**
 * Resolves to the reason when the task must stop. It is called before anything is started, because the first process of
 * a container ignores signals that it has no handler for. It would run on until it is killed.
 */
function nextStopRequest(): Promise<string> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
    // On a laptop, the platform that started this process holds its IPC channel. Without the platform there is no work.
    process.once('disconnect', () => resolve('the platform has gone'));
  });
}

function createStepArbiter(): StepArbiter {
  const idle = new CpuIdle(cpus);
  return new StepArbiter({
    limits: STEP_LIMITS,
    vCpus: availableParallelism(),
    idleVCpus: (nowMs) => idle.measure(nowMs),
    now: Date.now,
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
      RtmpViolations: rtmp.violations,
    }),
    now: Date.now,
    log,
  });
}

await main();
