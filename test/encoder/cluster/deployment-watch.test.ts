import { DeploymentWatch, ROLLED_BACK_AFTER_MS, type WatchedTask } from '#encoder/cluster/deployment-watch.ts';

const MINUTE_MS = 60_000;
const OWN_REVISION = 7;

let nowMs = 0;
let drains = 0;
beforeEach(() => {
  nowMs = 1_800_000_000_000;
  drains = 0;
});

const watch = (drainMinutes: number, revision: number | null = OWN_REVISION) =>
  new DeploymentWatch({ revision, drainMinutes, onDrain: () => drains++, now: () => nowMs });
const task = (revision: number | null, changes: Partial<WatchedTask> = {}): WatchedTask => ({
  ...{ state: 'active', revision, heartbeatUntilMs: nowMs + 1 },
  ...changes,
});

/** Sees the same kind of tasks once a minute, at the minute's end, and returns the number of drains. */
function seeFor(watching: DeploymentWatch, minutes: number, tasks: () => readonly WatchedTask[]): number {
  for (let minute = 0; minute < minutes; minute++) {
    nowMs += MINUTE_MS;
    watching.see(tasks());
  }
  return drains;
}

test('a task drains once a newer one has been active for the time of the stage, and only once', () => {
  const watching = watch(60);
  watching.see([task(OWN_REVISION), task(8)]);
  expect(seeFor(watching, 59, () => [task(8)])).toBe(0);
  expect(seeFor(watching, 1, () => [task(8)])).toBe(1);
  expect(seeFor(watching, 5, () => [task(8)])).toBe(1);
});

test('with 0 minutes it drains at once', () => {
  watch(0).see([task(8)]);
  expect(drains).toBe(1);
});

test.each<[string, () => WatchedTask]>([
  ['of the same revision', () => task(OWN_REVISION)],
  ['of an older revision', () => task(6)],
  ['without a revision', () => task(null)],
  ['that drains itself', () => task(8, { state: 'draining' })],
  ['that is dead', () => task(8, { heartbeatUntilMs: nowMs })],
])('a task %s replaces nobody', (_which, other) => {
  watch(0).see([other()]);
  expect(drains).toBe(0);
});

test('outside of ECS nothing is newer', () => {
  watch(0, null).see([task(8)]);
  expect(drains).toBe(0);
});

test('after a rollback, the time of the next deployment starts again', () => {
  const watching = watch(10);
  watching.see([task(8)]);
  seeFor(watching, 9, () => [task(8)]);
  nowMs += ROLLED_BACK_AFTER_MS;
  watching.see([task(OWN_REVISION)]);
  watching.see([task(9)]);
  expect(seeFor(watching, 9, () => [task(9)])).toBe(0);
  expect(seeFor(watching, 1, () => [task(9)])).toBe(1);
});

test('newer tasks that miss some heartbeats do not start the time again', () => {
  const watching = watch(10);
  watching.see([task(8)]);
  seeFor(watching, 9, () => [task(8)]);
  nowMs += ROLLED_BACK_AFTER_MS - 1;
  watching.see([]);
  expect(drains).toBe(0);
  nowMs += 1;
  watching.see([task(8)]);
  expect(drains).toBe(1);
});

test('it never drains while no newer task is there', () => {
  const watching = watch(10);
  watching.see([task(8)]);
  nowMs += 10 * MINUTE_MS;
  watching.see([]);
  expect(drains).toBe(0);
});

test('a clock that is set back makes the time start again', () => {
  const watching = watch(10);
  watching.see([task(8)]);
  nowMs -= 24 * 60 * MINUTE_MS;
  watching.see([task(8)]);
  expect(seeFor(watching, 9, () => [task(8)])).toBe(0);
  expect(seeFor(watching, 1, () => [task(8)])).toBe(1);
});
