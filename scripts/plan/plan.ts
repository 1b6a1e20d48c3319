import type { ResolvedStage } from '#config/stage-config.ts';
import { assumptions } from './assumptions.ts';
import {
  type ComparedCost,
  compareLatencies,
  compareServices,
  compareStages,
  type EventCost,
  eventCosts,
  toEventCost,
} from './comparison.ts';
import { type CostLine, totalUsd } from './cost.ts';
import { IDLE_MONTH, type PlannedEvent } from './event.ts';
import { type PlannedFleet, planFleet } from './fleet.ts';
import { type Delivery, planDelivery } from './viewer-usage.ts';

/** What an event takes and costs on a stage. `npm run plan -- --json` prints it. */
export interface Plan extends EventCost {
  readonly stage: string;
  readonly event: PlannedEvent;
  readonly fleet: PlannedFleet;
  readonly delivery: Delivery;
  /** What the stage costs in a month in which nobody is on air. */
  readonly idleUsdPerMonth: number;
  readonly lines: readonly CostLine[];
  readonly comparison: {
    readonly latencies: readonly ComparedCost[];
    readonly stages: readonly ComparedCost[];
    readonly services: readonly ComparedCost[];
  };
  readonly assumptions: readonly string[];
  /** Why the event does not work on the stage as it is. */
  readonly warnings: readonly string[];
}

/** Plans an event on a stage, and compares it with the other stages and services. */
export function makePlan(stage: ResolvedStage, stages: readonly ResolvedStage[], event: PlannedEvent): Plan {
  const lines = eventCosts(stage, event);
  const fleet = planFleet(stage, event);
  return {
    stage: stage.name,
    event,
    fleet,
    delivery: planDelivery(stage, event),
    ...toEventCost(lines, event),
    idleUsdPerMonth: totalUsd(eventCosts(stage, IDLE_MONTH)),
    lines,
    comparison: {
      latencies: compareLatencies(stage, event),
      stages: compareStages(stages, event),
      services: compareServices(stage, event),
    },
    assumptions: assumptions(stage, event),
    warnings: fleet.problem === null ? [] : [fleet.problem],
  };
}
