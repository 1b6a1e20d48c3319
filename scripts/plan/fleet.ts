import { NODE_ARCHITECTURES, stagePublishVCpus } from '#config/cpu-architecture.ts';
import type { ResolvedStage } from '#config/stage-config.ts';
import { type Architecture, publishVCpus } from '#domain/encoder-capacity.ts';
import { fleetDemand } from '#domain/fleet-demand.ts';
import type { PlannedEvent } from './event.ts';

/** The encoder tasks that run during an event. */
export interface PlannedFleet {
  readonly architecture: Architecture;
  /** vCPUs of a task that one stream takes. */
  readonly streamVCpus: number;
  /** Streams that fit into one task. 0 if the tasks are too small for the ladder. */
  readonly streamsPerTask: number;
  /** The tasks that are there anyway. */
  readonly minTasks: number;
  /** All tasks, with the room that scaling keeps free for the next broadcast. */
  readonly tasks: number;
  readonly vCpus: number;
  readonly memoryGib: number;
  /** Why the stage as it is can't do it. Null if it can. */
  readonly problem: string | null;
}

/** The tasks that scaling settles at. Sources are taken for the ladder's own height at 30 frames per second. */
export function planFleet(stage: ResolvedStage, { streams, ladder }: PlannedEvent): PlannedFleet {
  const { minTasks, capacityVCpus, task } = stage;
  const architecture = NODE_ARCHITECTURES[stage.cpuArchitecture];
  const streamVCpus = publishVCpus({ ladder, codecs: stage.codecs, architecture });
  const streamsPerTask = Math.floor(capacityVCpus / streamVCpus + 1e-9);
  const holding = streams === 0 || streamsPerTask === 0 ? 0 : Math.ceil(streams / streamsPerTask);
  const tasks = Math.max(minTasks, holding, scaledTasks(stage, streams * streamVCpus));
  return {
    ...{ architecture, streamVCpus, streamsPerTask, minTasks, tasks },
    vCpus: tasks * task.vCpus,
    memoryGib: tasks * task.memoryGib,
    problem: streams === 0 ? null : findProblem(stage, { ladder, streamVCpus, streamsPerTask, holding }),
  };
}

/** As many as target tracking wants for some demand and its reserve, as far as `maxTasks` allows. None without demand. */
function scaledTasks(stage: ResolvedStage, demandVCpus: number): number {
  if (demandVCpus === 0) return 0;
  const { capacityVCpus, maxTasks } = stage;
  const { reserveVCpus, targetPercent } = fleetDemand({
    capacityVCpus,
    publishVCpus: stagePublishVCpus(stage),
  });
  const wanted = Math.ceil((100 * (demandVCpus + reserveVCpus)) / (capacityVCpus * targetPercent) - 1e-9);
  return Math.min(maxTasks, wanted);
}

interface StreamFit {
  readonly ladder: string;
  readonly streamVCpus: number;
  readonly streamsPerTask: number;
  /** Tasks that hold all streams. */
  readonly holding: number;
}

function findProblem({ name, maxTasks, capacityVCpus }: ResolvedStage, fit: StreamFit): string | null {
  const { ladder, streamVCpus, streamsPerTask, holding } = fit;
  if (streamsPerTask === 0) {
    return `a ${ladder} stream takes ${streamVCpus} vCPUs, but a task of stage ${name} has ${capacityVCpus} for streams`;
  }
  if (holding > maxTasks) return `it takes ${holding} tasks, but the maxTasks of stage ${name} is ${maxTasks}`;
  return null;
}
