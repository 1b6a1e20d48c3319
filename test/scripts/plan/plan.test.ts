import { resolveStage } from '#config/resolve-stage.ts';
import { STAGES } from '#config/stages.ts';
import { LADDER_NAMES } from '#domain/ladders.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { ENCODER_METRICS } from '#domain/metrics.ts';
import { emfFields } from '#encoder/telemetry/emf-fields.ts';
import { priceLines, totalUsd } from '#scripts/plan/cost.ts';
import { IDLE_MONTH, type PlannedEvent } from '#scripts/plan/event.ts';
import { planFleet } from '#scripts/plan/fleet.ts';
import { viewerHour } from '#scripts/plan/media-usage.ts';
import { makePlan, type Plan } from '#scripts/plan/plan.ts';
import { mediaLiveLines } from '#scripts/plan/services.ts';
import { stageResources } from '#scripts/plan/stage-resources.ts';
import { METRICS_LINE_BYTES, taskUsage } from '#scripts/plan/task-usage.ts';

const stages = STAGES.map(resolveStage);
const dev = resolveStage({ name: 'dev' });
const prod = resolveStage({
  ...{ name: 'prod', region: 'us-east-1', availabilityZones: 3, egress: 'nat', minTasks: 2, maxTasks: 20 },
  ...{ task: { vCpus: 4, memoryGib: 8 }, waf: true },
});
const event = (changes: Partial<PlannedEvent> = {}): PlannedEvent => ({
  ...{ ...IDLE_MONTH, viewers: 1_000, hours: 1, streams: 1, isFreeUsedUp: true },
  ...changes,
});
const plan = (changes: Partial<PlannedEvent> = {}, stage = prod): Plan => makePlan(stage, stages, event(changes));
const usdOf = (made: Plan, item: string): number =>
  made.lines.filter((line) => line.item === item).reduce((sum, { usd }) => sum + usd, 0);

test('an hour of a stream costs as much more as its codecs take of a task', () => {
  const both = resolveStage({ ...{ name: 'both', task: { vCpus: 16, memoryGib: 32 } }, codecs: ['h264', 'hevc'] });
  const one = resolveStage({ ...{ name: 'one', task: { vCpus: 16, memoryGib: 32 } } });
  const streams = 20;
  const [fleetOfBoth, fleetOfOne] = [both, one].map((stage) =>
    planFleet({ ...stage, maxTasks: 100 }, event({ streams })),
  );
  expect(fleetOfBoth?.streamVCpus).toBeGreaterThan(2 * (fleetOfOne?.streamVCpus ?? Number.NaN));
  expect(fleetOfBoth?.tasks).toBeGreaterThan(2 * (fleetOfOne?.tasks ?? Number.NaN));
});

describe('by hand', () => {
  test.each([
    // 4 * 0.03238 + 8 * 0.00356
    ['arm64', 0.158],
    // 4 * 0.04048 + 8 * 0.004445
    ['x64', 0.19748],
  ] as const)('an hour of a task of 4 vCPUs and 8 GiB, %s', (architecture, usd) => {
    const { task } = prod;
    const lines = taskUsage({
      ...{ scope: 'stage', architecture, from: 0, to: 1, task, hours: 1 },
      resources: stageResources(prod),
    });
    const compute = lines.filter(({ category }) => category === 'encoder tasks');
    expect(totalUsd(priceLines(compute, false))).toBeCloseTo(usd, 10);
  });

  test('an hour of a MediaLive channel of 480p, 720p and 1080p', () => {
    // 0.294 + 0.354 + 2 * 0.702; our own 1080p ladder has a fourth rung, 360p.
    const lines = mediaLiveLines({ ladder: '1080p', streams: 1, hours: 1 });
    const three = lines.filter(({ item }) => item !== 'MediaLive output 360p');
    expect(three).toHaveLength(4);
    expect(totalUsd(priceLines(three, false))).toBeCloseTo(2.052, 10);
  });

  test('an hour of a viewer of 720p at low latency', () => {
    // 2,500 and 128 kbit/s for 3,600 s. Each half second, a playlist and a part of video and of sound: 28,800 answers. A
    // status each ten seconds: 360.
    const bytes = (2_628_000 / 8) * 3_600 + 14_400 * 500 + 360 * 150 + 29_160 * 400;
    expect(viewerHour(event())).toEqual({ bytes, requests: 29_160 });
    const made = plan();
    const perViewer = (item: string) => usdOf(made, item) / 1_000;
    expect(perViewer('bytes')).toBeCloseTo(1.201518 * 0.085, 10);
    expect(perViewer('requests')).toBeCloseTo(0.02916, 10);
    expect(perViewer('viewer-token function')).toBeCloseTo(0.002916, 10);
    expect(perViewer('requests that it checks')).toBeCloseTo(0.017496, 10);
    // What seven caches take from the origin is little, for a thousand viewers: less than a hundredth.
    const edge = 1.201518 * 0.085 + 0.02916 + 0.002916 + 0.017496;
    expect(made.usdPerViewerHour).toBeGreaterThan(edge);
    expect(made.usdPerViewerHour).toBeLessThan(1.01 * edge);
  });

  test.each([
    ['ultra', 72_360],
    ['standard', 3_960],
  ] as const)('the requests of a viewer in an hour at %s', (latency, requests) => {
    expect(viewerHour(event({ latency })).requests).toBe(requests);
  });

  test('a month of the cheapest stage without streams', () => {
    const idle = makePlan(dev, stages, IDLE_MONTH);
    // 730 hours of 2 vCPUs and 4 GiB, of two load balancers, and of the addresses of two zones and a task.
    expect(usdOf(idle, "tasks' vCPUs (ARM)") + usdOf(idle, "tasks' memory (ARM)")).toBeCloseTo(57.67, 2);
    expect(usdOf(idle, 'load balancer for RTMP') + usdOf(idle, 'load balancer of the origin')).toBeCloseTo(32.85, 10);
    expect(usdOf(idle, "tasks' addresses")).toBeCloseTo(3.65, 10);
    expect(usdOf(idle, 'addresses of load balancer and NAT gateways')).toBeCloseTo(7.3, 10);
    // 2,628,000 writes.
    expect(usdOf(idle, "tasks' heartbeats")).toBeCloseTo(1.6425, 10);
    expect([idle.usdPerStreamHour, idle.usdPerViewerHour]).toEqual([null, null]);
    expect(idle.idleUsdPerMonth).toBe(idle.usd);
  });

  test('what a publisher sends goes through the load balancer, and to another zone in two of three cases', () => {
    const made = plan({ hours: 10 });
    // 1.5 * 2,500 + 128 kbit/s for ten hours.
    const gb = (3_878_000 / 8) * 36_000 * 1e-9;
    expect(usdOf(made, "publishers' bytes")).toBeCloseTo(gb * 0.006, 10);
    expect(usdOf(made, "publishers' bytes to a task of another zone")).toBeCloseTo((gb * 0.02 * 2) / 3, 10);
    // Two units a second.
    expect(usdOf(made, "streams' leases")).toBeCloseTo(0.045, 10);
  });
});

describe('tasks', () => {
  test('on x86, a vCPU costs more and does more', () => {
    const x86 = resolveStage({ name: 'x86', cpuArchitecture: 'x86_64' });
    const [arm, intel] = [plan({}, dev), plan({}, x86)];
    expect(intel.fleet).toMatchObject({ architecture: 'x64', streamsPerTask: 2 });
    expect(arm.fleet).toMatchObject({ architecture: 'arm64', streamsPerTask: 1 });
    expect(usdOf(intel, "tasks' vCPUs (x86)")).toBeCloseTo(intel.fleet.vCpus * 0.04048, 10);
    expect(usdOf(arm, "tasks' vCPUs (ARM)")).toBeCloseTo(arm.fleet.vCpus * 0.03238, 10);
  });

  test.each([
    // A task of 3.9 vCPUs holds three streams of 1.016, and scaling adds one above 70 % with room for another.
    [1, 2],
    [4, 2],
    [5, 3],
    [40, 16],
  ])('%d streams of 720p take %d tasks of 4 vCPUs', (streams, tasks) => {
    const fleet = planFleet(prod, event({ streams }));
    expect(fleet).toMatchObject({ tasks, vCpus: 4 * tasks, memoryGib: 8 * tasks, streamsPerTask: 3, problem: null });
  });

  test('scaling stops at maxTasks, as long as all streams fit', () => {
    expect(planFleet(prod, event({ streams: 60 }))).toMatchObject({ tasks: 20, problem: null });
    expect(plan({ streams: 61 }).warnings).toEqual(['it takes 21 tasks, but the maxTasks of stage prod is 20']);
  });

  test('a stage whose tasks are too small for the ladder is no choice', () => {
    const { comparison } = plan({ ladder: '1080p', rung: '1080p' });
    expect(comparison.stages.find(({ name }) => name === 'dev')).toEqual({
      ...{ name: 'dev', cost: null },
      note: 'a 1080p stream takes 2.124 vCPUs, but a task of stage dev has 1.9 for streams',
    });
  });
});

describe('sums', () => {
  test('the hours of streams and viewers make up the whole', () => {
    const made = plan({ viewers: 2_000, hours: 3, streams: 2, isFreeUsedUp: false });
    const hours = 2 * 3 * (made.usdPerStreamHour ?? 0) + 2_000 * 3 * (made.usdPerViewerHour ?? 0);
    expect(hours).toBeCloseTo(made.usd, 8);
    expect(made.lines.reduce((sum, { usd }) => sum + usd, 0)).toBeCloseTo(made.usd, 8);
  });

  test('its own latency and stage cost the same in the comparison', () => {
    const [stage = prod] = stages.filter(({ name }) => name === 'prod');
    const made = plan({}, stage);
    const { latencies, stages: compared, services } = made.comparison;
    expect(latencies.find(({ name }) => name === 'low')?.cost?.usd).toBe(made.usd);
    expect(compared.find(({ name }) => name === 'prod')?.cost?.usd).toBe(made.usd);
    expect(services.map(({ name }) => name)).toEqual(['MediaLive + MediaPackage', 'MediaLive + CloudFront', 'IVS']);
  });

  test('what other services ask above 1080p is not known', () => {
    const { services } = plan({ ladder: '2160p', rung: '2160p' }, { ...prod, capacityVCpus: 15 }).comparison;
    expect(services.map(({ cost, note }) => [cost, note])).toEqual(
      Array(3).fill([null, 'no price for 2160p is known']),
    );
  });

  test('Origin Shield takes each file once, and viewer tokens read their keys', () => {
    const shielded = resolveStage({
      name: 'shielded',
      region: 'us-east-1',
      originShieldRegion: 'us-east-1',
      playback: 'token',
    });
    const made = plan({}, shielded);
    expect(made.delivery.originRequests).toBe(29_160);
    expect(usdOf(made, 'Origin Shield')).toBeCloseTo(0.02187, 10);
    expect(usdOf(made, 'reads of the viewer-token keys')).toBeCloseTo(0.8748, 10);
    expect(made.unconfirmedScopes).toEqual(['viewers']);
    expect(plan().unconfirmedScopes).toEqual([]);
  });
});

describe('more never costs less', () => {
  const usd = (changes: Partial<PlannedEvent>) => plan({ isFreeUsedUp: false, ...changes }).usd;
  const steps = [0, 1, 2, 7, 8, 300, 1_000, 9_000, 100_000, 1_000_000, 10_000_000];

  test.each(LATENCY_NAMES)('viewers at %s', (latency) => {
    const costs = steps.map((viewers) => usd({ viewers, latency, hours: 10 }));
    expect(costs).toEqual(costs.toSorted((a, b) => a - b));
  });

  test('hours', () => {
    const costs = [0.1, 1, 9, 100, 730].map((hours) => usd({ hours }));
    expect(costs).toEqual(costs.toSorted((a, b) => a - b));
  });

  test('streams, with the viewers that they have', () => {
    const costs = [1, 2, 3, 4, 5, 20, 60].map((streams) => usd({ streams }));
    expect(costs).toEqual(costs.toSorted((a, b) => a - b));
  });

  test('rungs', () => {
    const costs = LADDER_NAMES.toReversed()
      .filter((rung) => planFleet(prod, event({ ladder: rung })).streamsPerTask > 0)
      .map((rung) => usd({ ladder: '1080p', rung }));
    expect(costs.length).toBeGreaterThan(3);
    expect(costs).toEqual(costs.toSorted((a, b) => a - b));
  });
});

test("a line with a task's metrics has about as many bytes as is planned for", () => {
  const values = Object.fromEntries(ENCODER_METRICS.map(({ name }) => [name, 3.902]));
  const fields = emfFields({ namespace: 'Headend', stage: 'prod' }, 1_800_000_000_000, values);
  const rest = { level: 30, time: '2026-06-01T12:00:00.000Z', taskId: '0'.repeat(32), msg: 'metrics' };
  // CloudWatch adds 26 bytes to each event (CloudWatch Logs quotas).
  const bytes = JSON.stringify({ ...rest, ...fields }).length + 26;
  expect(METRICS_LINE_BYTES).toBeGreaterThan(0.8 * bytes);
  expect(METRICS_LINE_BYTES).toBeLessThan(1.25 * bytes);
});
