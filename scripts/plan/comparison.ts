import type { ResolvedStage } from '#config/stage-config.ts';
import { LATENCY_NAMES, type LatencyName } from '#domain/latency-profiles.ts';
import { type CostLine, type CostScope, priceLines, totalUsd } from './cost.ts';
import type { PlannedEvent } from './event.ts';
import { planFleet } from './fleet.ts';
import { SERVICES, serviceGap } from './services.ts';
import { eventUsage } from './usage.ts';

/** What an event costs together, and for each hour of a stream or viewer. */
export interface EventCost {
  readonly usd: number;
  /** The stage and its streams, without viewers, by the hour of a stream. Null without streams. */
  readonly usdPerStreamHour: number | null;
  /** What viewers add, by the hour of a viewer. Null without viewers. */
  readonly usdPerViewerHour: number | null;
  /** Where there is a price that is not confirmed. */
  readonly unconfirmedScopes: readonly CostScope[];
}

/** One way to have the event, beside others. */
export interface ComparedCost {
  readonly name: string;
  /** Null if it is not possible, or if its price is not known. */
  readonly cost: EventCost | null;
  /** What to know about it. */
  readonly note: string | null;
}

/** Sums lines up. */
export function toEventCost(lines: readonly CostLine[], { streams, viewers, hours }: PlannedEvent): EventCost {
  const perHour = (usd: number, count: number): number | null => (count === 0 ? null : usd / (count * hours));
  return {
    usd: totalUsd(lines),
    usdPerStreamHour: perHour(totalUsd(lines, 'stage', 'streams'), streams),
    usdPerViewerHour: perHour(totalUsd(lines, 'viewers'), viewers),
    unconfirmedScopes: [...new Set(lines.filter(({ isConfirmed }) => !isConfirmed).map(({ scope }) => scope))],
  };
}

/** The lines of an event on a stage, with their costs. */
export const eventCosts = (stage: ResolvedStage, event: PlannedEvent): CostLine[] =>
  priceLines(eventUsage(stage, event), event.isFreeUsedUp);

/** The event with each latency profile. */
export const compareLatencies = (stage: ResolvedStage, event: PlannedEvent): ComparedCost[] =>
  LATENCY_NAMES.map((latency: LatencyName) => ({
    name: latency,
    cost: costOn(stage, { ...event, latency }),
    note: null,
  }));

/** The event on each stage. */
export const compareStages = (stages: readonly ResolvedStage[], event: PlannedEvent): ComparedCost[] =>
  stages.map((stage) => {
    const fleet = planFleet(stage, event);
    const size = `${fleet.tasks} ${fleet.tasks === 1 ? 'task' : 'tasks'}, ${fleet.vCpus} vCPUs`;
    if (fleet.problem === null) return { name: stage.name, cost: costOn(stage, event), note: size };
    return { name: stage.name, cost: null, note: fleet.problem };
  });

/** The event with other services, delivered to the same places as from this stage. */
export const compareServices = (stage: ResolvedStage, event: PlannedEvent): ComparedCost[] => {
  const gap = serviceGap(event);
  return SERVICES.map(({ name, note, usage }) => {
    if (gap !== null) return { name, cost: null, note: gap };
    return { name, cost: toEventCost(priceLines(usage(stage, event), event.isFreeUsedUp), event), note };
  });
};

const costOn = (stage: ResolvedStage, event: PlannedEvent): EventCost => toEventCost(eventCosts(stage, event), event);
