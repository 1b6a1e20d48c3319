import { type Architecture, publishVCpus } from '#domain/encoder-capacity.ts';
import type { LadderName } from '#domain/ladders.ts';
import type { VideoCodec } from '#domain/video-codecs.ts';

/** The architectures of a stage's tasks, by the names that AWS and Docker's daemon use. */
export const CPU_ARCHITECTURES = ['arm64', 'x86_64'] as const;

export type CpuArchitectureName = (typeof CPU_ARCHITECTURES)[number];

/** The same architectures by Node.js's names, which the encoder and its measured figures use. */
export const NODE_ARCHITECTURES = { arm64: 'arm64', x86_64: 'x64' } as const satisfies Record<
  CpuArchitectureName,
  Architecture
>;

/** The vCPUs that one broadcast of the stage's ladder takes on its tasks. */
export const stagePublishVCpus = (stage: {
  readonly ladder: LadderName;
  readonly codecs: readonly VideoCodec[];
  readonly cpuArchitecture: CpuArchitectureName;
}): number =>
  publishVCpus({
    ladder: stage.ladder,
    codecs: stage.codecs,
    architecture: NODE_ARCHITECTURES[stage.cpuArchitecture],
  });
