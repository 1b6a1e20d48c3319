import { CrossStackReferences, ReferenceStrength, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import { availabilityZoneNames } from '#constructs/network.ts';

export interface HeadendStackProps {
  readonly stage: ResolvedStage;
  /** Null for that of the AWS profile at hand. */
  readonly region: string | null;
}

/** One stack of a stage. */
export class HeadendStack extends Stack {
  readonly #zones: string[];

  constructor(scope: Construct, part: string, { stage, region }: HeadendStackProps) {
    super(scope, `Headend-${stage.name}-${part}`, {
      description: `Headend ${stage.name}: ${part}`,
      env: {
        ...(stage.account === null ? {} : { account: stage.account }),
        ...(region === null ? {} : { region }),
      },
      terminationProtection: stage.removalPolicy === 'retain' && part === 'Data',
    });
    // No export that would keep its stack from being changed, and no custom resource between two regions.
    CrossStackReferences.of(this).consume(ReferenceStrength.WEAK);
    this.#zones = availabilityZoneNames(stage.availabilityZones);
  }

  /** From the stage, so that no synthesis has to ask AWS. */
  override get availabilityZones(): string[] {
    return this.#zones;
  }
}
