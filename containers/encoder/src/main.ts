import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import type { Logger } from 'pino';
import { METRICS_INTERVAL_SECONDS } from '#domain/metrics.ts';
import { parseStreamSlots } from '#domain/stream-slots.ts';
import { createDocumentClient, createEventBridgeClient, createLambdaClient } from '#runtime/aws-clients.ts';
import { readEnvironment } from '#runtime/environment.ts';
import { createIngestAuthClient, INGEST_AUTH_TIMEOUT_MS } from '#runtime/ingest-auth-client.ts';
import { createLiveStore } from '#runtime/live-store.ts';
import { createLogger } from '#runtime/log.ts';
import { DEFAULT_RTMP_LIMITS, parseRtmpLimits, type RtmpLimits } from './guard/rtmp-limits.ts';
import { OriginHandler } from './origin/origin-handler.ts';
import { startOriginServer } from './origin/origin-server.ts';
import { type RtmpServer, startRtmpServer } from './rtmp/rtmp-server.ts';
import { LiveStreams } from './streams/live-streams.ts';
import { EventBridgeSink } from './telemetry/event-bridge-sink.ts';
import { createEmitter, createLogSink, EventCounter } from './telemetry/event-sinks.ts';
import { MetricsReporter, metricLevels } from './telemetry/metrics-reporter.ts';
import { type MetricsTarget, parseMetricsTarget } from './telemetry/metrics-target.ts';
import { RefusalGroups } from './telemetry/refusal-groups.ts';
import { readEnhancedCodecs } from './transcode/ffmpeg-decoders.ts';

/** What is left of the time between SIGTERM and SIGKILL belongs to viewers. */
const EVENTS_FLUSH_MS = 3_000;
/**
 * How much the heap may grow between two full garbage collections, in percent of it. Media are no objects, but count: left to
 * itself V8 goes over the whole heap for every 8 MB of them, every 7 s for a 720p ladder, which was an eighth of this process's CPU.
 */
const HEAP_GROWTH_PERCENT = 80;
/** An address that is refused again and again is an event this often. */
const REFUSALS_INTERVAL_MS = 10_000;

/** One encoder task: RTMP in, HLS out. Runs until SIGTERM or SIGINT; tells a parent with an IPC channel its ports. */
async function main(): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
  const stopRequest = nextStopRequest();
  const environment = readEnvironment('encoder', process.env);
  const slots = parseStreamSlots(environment.STREAM_SLOTS);
  const metricsTarget = readMetricsTarget();
  const log = createLogger({ service: 'encoder', level: environment.LOG_LEVEL });
  const bus = openEventBus(log);
  const counter = new EventCounter();
  const sinks = [createLogSink(log), counter, ...(bus === null ? [] : [bus])];
  const refusals = new RefusalGroups({
    emit: createEmitter({ sinks, now: Date.now, randomBytes }),
    intervalMs: REFUSALS_INTERVAL_MS,
  });
  const { emit } = refusals;
  const streams = new LiveStreams({
    store: createLiveStore({ client: createDocumentClient(), tables: environment }),
    reconnectWindowMs: Number(environment.RECONNECT_WINDOW_SECONDS) * 1000,
    slots,
    emit,
    spawn,
    now: Date.now,
    log,
  });
  const origin = await startOriginServer({
    host: environment.LISTEN_HOST,
    port: Number(environment.HTTP_PORT),
    handler: new OriginHandler((playbackId) => streams.find(playbackId)),
    log,
  });
  const authorise = createIngestAuthClient({
    functionName: environment.INGEST_AUTH_FUNCTION,
    client: createLambdaClient(),
    timeoutMs: INGEST_AUTH_TIMEOUT_MS,
  });
  const rtmp = await startRtmpServer({
    host: environment.LISTEN_HOST,
    port: Number(environment.RTMP_PORT),
    authorise,
    acceptPublisher: (publisher) => streams.accept(publisher),
    onRefused: (refusal) => emit({ type: 'stream.refused', ...refusal }),
    limits: readLimits(),
    enhancedCodecs: await readEnhancedCodecs(spawn),
    now: Date.now,
    randomBytes,
    log,
  });
  const metrics = metricsTarget && reportMetrics(metricsTarget, { streams, counter, rtmp, log });
  log.info({ rtmpPort: rtmp.port, httpPort: origin.port }, 'ready');
  process.send?.({ rtmpPort: rtmp.port, httpPort: origin.port });

  const reason = await stopRequest;
  log.info({ reason }, 'stopping');
  await rtmp.close();
  await streams.close();
  refusals.flush();
  metrics?.close();
  await bus?.flush(EVENTS_FLUSH_MS);
  await origin.close();
  process.exit(0);
}

/**
 * Resolves to the reason when the task is to end. Asked for before anything is started: process 1 of a container loses signals
 * that it has no handler for, and would run on until it is killed.
 */
function nextStopRequest(): Promise<string> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
    // On a laptop the platform that started this process holds its IPC channel; without the platform there is no work.
    process.once('disconnect', () => resolve('the platform has gone'));
  });
}

function readLimits(): RtmpLimits {
  if (!process.env.RTMP_LIMITS) return DEFAULT_RTMP_LIMITS;
  return parseRtmpLimits(readEnvironment('encoder with limits of its own', process.env).RTMP_LIMITS);
}

/** Null where the deployment has no event bus: then events are log lines only. */
function openEventBus(log: Logger): EventBridgeSink | null {
  if (!process.env.EVENT_BUS_NAME) return null;
  const { EVENT_BUS_NAME: eventBusName } = readEnvironment('encoder with an event bus', process.env);
  return new EventBridgeSink({ client: createEventBridgeClient(), eventBusName, log });
}

/** Null where the deployment keeps no metrics. */
function readMetricsTarget(): MetricsTarget | null {
  if (!process.env.METRICS_NAMESPACE && !process.env.METRICS_STAGE) return null;
  return parseMetricsTarget(readEnvironment('encoder with metrics', process.env));
}

interface MetricSources {
  readonly streams: LiveStreams;
  readonly counter: EventCounter;
  readonly rtmp: RtmpServer;
  readonly log: Logger;
}

function reportMetrics(target: MetricsTarget, { streams, counter, rtmp, log }: MetricSources): MetricsReporter {
  return new MetricsReporter({
    target,
    intervalMs: METRICS_INTERVAL_SECONDS * 1000,
    levels: () => metricLevels(streams.load()),
    totals: () => ({
      EncoderRestarts: counter.count('encoder.restarted'),
      RefusedPublishes: counter.count('stream.refused'),
      RtmpViolations: rtmp.violations,
    }),
    now: Date.now,
    log,
  });
}

await main();
