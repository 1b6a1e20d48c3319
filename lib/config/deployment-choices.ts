import { z } from 'zod';
import { CPU_ARCHITECTURES, type CpuArchitectureName } from './cpu-architecture.ts';
import { resolveStage } from './resolve-stage.ts';
import type { ResolvedStage, StageConfig } from './stage-config.ts';

/** The CDK context by which `deploy` tells the app what it chose where the stage leaves the choice open. */
export const CHOICE_CONTEXT = {
  availabilityZones: 'headend:availabilityZones',
  cpuArchitecture: 'headend:cpuArchitecture',
} as const;

/** What was chosen for one deployment. Null for what was not. */
export interface DeploymentChoices {
  /** Names of zones, as many as the stage wants. */
  readonly availabilityZones: readonly string[] | null;
  readonly cpuArchitecture: CpuArchitectureName | null;
}

/** `-c` passes text. */
const zonesSchema = z
  .string()
  .transform((text) => text.split(','))
  .nullable()
  .default(null);
const architectureSchema = z.enum(CPU_ARCHITECTURES).nullable().default(null);

/** Reads the choices from the context. Throws a ZodError if a value is not one that `choiceContext` makes. */
export function readChoices(contextOf: (key: string) => unknown): DeploymentChoices {
  return {
    availabilityZones: zonesSchema.parse(contextOf(CHOICE_CONTEXT.availabilityZones)),
    cpuArchitecture: architectureSchema.parse(contextOf(CHOICE_CONTEXT.cpuArchitecture)),
  };
}

/** The choices as values of `-c`. */
export function choiceContext({ availabilityZones, cpuArchitecture }: DeploymentChoices): string[] {
  return [
    ...(availabilityZones === null ? [] : [`${CHOICE_CONTEXT.availabilityZones}=${availabilityZones.join(',')}`]),
    ...(cpuArchitecture === null ? [] : [`${CHOICE_CONTEXT.cpuArchitecture}=${cpuArchitecture}`]),
  ];
}

/** Resolves a stage and fills in what was chosen for it. Throws one StageConfigError that lists every problem. */
export function resolveChosenStage(config: StageConfig, choices: DeploymentChoices): ResolvedStage {
  const { availabilityZones, cpuArchitecture } = choices;
  const stage = resolveStage(cpuArchitecture === null ? config : { cpuArchitecture, ...config });
  return availabilityZones === null || typeof stage.availabilityZones !== 'number'
    ? stage
    : { ...stage, availabilityZones };
}
