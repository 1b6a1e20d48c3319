import { publishVCpus, taskCapacityVCpus } from '#domain/encoder-capacity.ts';
import { fleetDemand } from '#domain/fleet-demand.ts';
import { LADDER_NAMES } from '#domain/ladders.ts';

const SIZES = [
  { vCpus: 1, memoryGib: 2 },
  { vCpus: 2, memoryGib: 4 },
  { vCpus: 4, memoryGib: 8 },
  { vCpus: 8, memoryGib: 16 },
  { vCpus: 16, memoryGib: 32 },
];
const FLEETS = SIZES.map(taskCapacityVCpus)
  .flatMap((capacity) =>
    LADDER_NAMES.map((ladder) => ({ capacity, ladder, cost: publishVCpus({ ladder, architecture: 'arm64' }) })),
  )
  .filter(({ capacity, cost }) => cost <= capacity);

/** Whether a fleet adds a task, as the scaling policy's expression has it. */
function grows(tasks: number, demandVCpus: number, { capacity, cost }: { capacity: number; cost: number }): boolean {
  const { reserveVCpus, targetPercent } = fleetDemand({ capacityVCpus: capacity, publishVCpus: cost });
  return demandVCpus > 0 && (100 * (demandVCpus + reserveVCpus)) / (tasks * capacity) > targetPercent;
}

test.each(FLEETS)('tasks of $capacity vCPUs with $ladder: a fleet grows before its last room is taken', (fleet) => {
  const { capacity, cost } = fleet;
  const places = Math.floor(capacity / cost + 1e-9);
  for (let tasks = 1; tasks <= 20; tasks++) {
    for (const left of [0, 1]) {
      const streams = tasks * places - left;
      if (streams > 0)
        expect({ tasks, left, grows: grows(tasks, streams * cost, fleet) }).toEqual({ tasks, left, grows: true });
    }
  }
});

test('two tasks of prod have started a third while one of them has room for a broadcast of 1080p', () => {
  const capacity = taskCapacityVCpus({ vCpus: 4, memoryGib: 8 });
  const fleet = { capacity, cost: publishVCpus({ ladder: '720p', architecture: 'arm64' }) };
  const left = publishVCpus({ ladder: '1080p', architecture: 'arm64' });
  expect(grows(2, 2 * capacity - left, fleet)).toBe(true);
});

test.each(FLEETS)(
  'tasks of $capacity vCPUs with $ladder: an idle fleet does not grow, and one does not need many',
  (fleet) => {
    expect(grows(1, 0, fleet)).toBe(false);
    // Three tasks always have one that a single broadcast leaves empty.
    expect(grows(4, fleet.cost, fleet)).toBe(false);
  },
);

test('the reserve does not grow with the fleet: twenty tasks are used to two thirds', () => {
  const capacity = taskCapacityVCpus({ vCpus: 4, memoryGib: 8 });
  const fleet = { capacity, cost: publishVCpus({ ladder: '720p', architecture: 'arm64' }) };
  expect(grows(20, 0.6 * 20 * capacity, fleet)).toBe(false);
});
