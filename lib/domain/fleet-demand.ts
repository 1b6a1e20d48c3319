/** How a fleet of tasks of one size decides that it needs another task. */
export interface FleetDemand {
  /** vCPUs that the fleet keeps free for the next broadcast, once for the whole fleet. */
  readonly reserveVCpus: number;
  /** The percentage of the fleet's room that demand and reserve may take together. Above it, a task is added. */
  readonly targetPercent: number;
}

/** The rest is room for new broadcasts while another task starts. */
const MOST_PERCENT = 70;
/** Below what is reached when room for one broadcast is left, so that the last room is never what starts a task. */
const MARGIN = 0.95;

/**
 * The demand at which a fleet grows, for tasks of `capacityVCpus` and broadcasts of `publishVCpus`. A percentage of the room
 * alone would be too late for few tasks or too early for many: with two tasks, the last broadcast may be a fifth of all
 * room, with twenty a fiftieth. So the room of one broadcast counts as demand, whatever the number of tasks. A task has an
 * end that no whole broadcast fits into, which the target leaves out. So whenever room for one broadcast is left, or
 * less, the fleet is above its target.
 */
export function fleetDemand(room: { readonly capacityVCpus: number; readonly publishVCpus: number }): FleetDemand {
  const places = Math.max(1, Math.floor(room.capacityVCpus / room.publishVCpus + 1e-9));
  const usablePercent = (100 * places * room.publishVCpus) / room.capacityVCpus;
  // The service's API takes the target as a decimal; whole percents keep templates readable.
  const targetPercent = Math.max(1, Math.floor(Math.min(MOST_PERCENT, MARGIN * usablePercent)));
  return { reserveVCpus: room.publishVCpus, targetPercent };
}
