import { EventEmitter, once } from 'node:events';
import { ENCODER_METRICS } from '#domain/metrics.ts';
import {
  type MetricLevels,
  MetricsReporter,
  type MetricTotals,
  metricLevels,
} from '#encoder/telemetry/metrics-reporter.ts';
import { createLogger } from '#runtime/log.ts';

const NOW_MS = 1_795_000_000_123;
const LEVELS: MetricLevels = {
  RoomVcpus: 3.9,
  RoomUsedVcpus: 2.7,
  RoomFreeVcpus: 1.2,
  RoomDemandVcpus: 4.7,
  StreamsLive: 2,
  StreamsReduced: 1,
  EncoderSpeed: 0.98,
};
const COUNT_NAMES = ENCODER_METRICS.filter(({ kind }) => kind === 'count').map(({ name }) => name);

/** One log line, as CloudWatch reads it. */
interface EmfLine {
  readonly _aws: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
  readonly [name: string]: unknown;
}

let totals: MetricTotals = {
  EncoderRestarts: 0,
  QualitySteps: 0,
  RefusedPublishes: 0,
  PublishesWithoutRoom: 0,
  RtmpViolations: 0,
};
let reporter: MetricsReporter | null = null;
const lines: string[] = [];
const written = new EventEmitter();

beforeEach(() => {
  lines.length = 0;
  totals = { EncoderRestarts: 1, QualitySteps: 1, RefusedPublishes: 4, PublishesWithoutRoom: 2, RtmpViolations: 0 };
});
afterEach(() => reporter?.close());

function start(intervalMs: number, levels: Partial<MetricLevels> = {}): void {
  const write = (line: string): void => {
    lines.push(line);
    written.emit('line');
  };
  reporter = new MetricsReporter({
    target: { namespace: 'Headend', stage: 'test' },
    intervalMs,
    levels: () => ({ ...LEVELS, ...levels }),
    totals: () => totals,
    now: () => NOW_MS,
    // Metrics are written whatever the log level of other lines.
    log: createLogger({ service: 'encoder', level: 'fatal', destination: { write } }),
  });
}

async function line(index: number): Promise<EmfLine> {
  while (lines.length <= index) await once(written, 'line');
  return JSON.parse(lines[index] ?? '');
}

const metricsOf = (emf: EmfLine) => emf._aws.CloudWatchMetrics[0]?.Metrics ?? [];

test('a log line is a document in the embedded metric format', async () => {
  start(5);
  const emf = await line(0);
  expect(lines[0]).toMatch(/^\{.*\}\n$/);
  expect(emf).toEqual({
    level: 'info',
    time: expect.any(String),
    service: 'encoder',
    msg: 'metrics',
    _aws: {
      Timestamp: NOW_MS,
      CloudWatchMetrics: [
        {
          Namespace: 'Headend',
          Dimensions: [['Stage']],
          Metrics: ENCODER_METRICS.map(({ name, unit }) => ({ Name: name, Unit: unit })),
        },
      ],
    },
    Stage: 'test',
    ...LEVELS,
    ...totals,
  });
});

test('an unknown level is neither listed nor in the line', async () => {
  start(5, { EncoderSpeed: null });
  const emf = await line(0);
  expect(metricsOf(emf).map(({ Name }) => Name)).not.toContain('EncoderSpeed');
  expect(emf).not.toHaveProperty('EncoderSpeed');
  for (const { Name } of metricsOf(emf)) expect(typeof emf[Name]).toBe('number');
});

test('a count covers the time since the previous line', async () => {
  start(5);
  expect(await line(0)).toMatchObject({
    EncoderRestarts: 1,
    QualitySteps: 1,
    RefusedPublishes: 4,
    PublishesWithoutRoom: 2,
    RtmpViolations: 0,
  });
  totals = { EncoderRestarts: 3, QualitySteps: 3, RefusedPublishes: 4, PublishesWithoutRoom: 3, RtmpViolations: 7 };
  const next = lines.length;
  expect(await line(next)).toMatchObject({
    EncoderRestarts: 2,
    QualitySteps: 2,
    RefusedPublishes: 0,
    PublishesWithoutRoom: 1,
    RtmpViolations: 7,
  });
  expect(await line(next + 1)).toMatchObject({
    EncoderRestarts: 0,
    QualitySteps: 0,
    RefusedPublishes: 0,
    RtmpViolations: 0,
  });
});

test('the last line has counts but no levels', async () => {
  start(60_000);
  reporter?.close();
  const emf = await line(0);
  expect(lines).toHaveLength(1);
  expect(emf).toMatchObject({ Stage: 'test', ...totals });
  expect(metricsOf(emf).map(({ Name }) => Name)).toEqual(COUNT_NAMES);
  for (const name of Object.keys(LEVELS)) expect(emf).not.toHaveProperty(name);
});

test('the room of a task as metrics: demand is what is used and what was turned away', () => {
  const room = { capacityVCpus: 3.9, usedVCpus: 2.7, freeVCpus: 1.2, unmetVCpus: 0.1, turnedAway: 7 };
  expect(metricLevels({ room, streamsLive: 2, streamsReduced: 1, encoderSpeed: null })).toEqual({
    RoomVcpus: 3.9,
    RoomUsedVcpus: 2.7,
    RoomFreeVcpus: 1.2,
    RoomDemandVcpus: 2.8,
    StreamsLive: 2,
    StreamsReduced: 1,
    EncoderSpeed: null,
  });
});
