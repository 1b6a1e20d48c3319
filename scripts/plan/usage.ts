import type { ResolvedStage } from '#config/stage-config.ts';
import type { UsageLine } from './cost.ts';
import type { PlannedEvent } from './event.ts';
import { planFleet } from './fleet.ts';
import { stageUsage } from './stage-usage.ts';
import { streamUsage } from './stream-usage.ts';
import { viewerUsage } from './viewer-usage.ts';

/** Everything that an event uses on a stage, in the order in which it is printed. */
export function eventUsage(stage: ResolvedStage, event: PlannedEvent): UsageLine[] {
  const fleet = planFleet(stage, event);
  return [
    ...stageUsage(stage, fleet, event.hours),
    ...streamUsage(stage, fleet, event),
    ...viewerUsage(stage, fleet, event),
  ];
}
