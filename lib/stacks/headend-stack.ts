import { CrossStackReferences, type IStackSynthesizer, ReferenceStrength, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { stackName } from '#config/stack-names.ts';
import type { ResolvedStage } from '#config/stage-config.ts';
import { availabilityZoneNames } from '#constructs/network.ts';
import { ReadingSynthesizer } from './reading-synthesizer.ts';

export interface HeadendStackProps {
  readonly stage: ResolvedStage;
  /** Null for the region of the AWS profile. */
  readonly region: string | null;
}

/** One stack of a stage. */
export class HeadendStack extends Stack {
  readonly #zones: string[];

  constructor(scope: Construct, part: string, { stage, region }: HeadendStackProps) {
    super(scope, stackName(stage.name, part), {
      description: `Headend ${stage.name}: ${part}`,
      env: {
        ...(stage.account === null ? {} : { account: stage.account }),
        ...(region === null ? {} : { region }),
      },
      // The CDK's types allow undefined in optional members; this project's compiler options don't.
      synthesizer: new ReadingSynthesizer() as IStackSynthesizer,
      terminationProtection: stage.removalPolicy === 'retain' && part === 'Data',
    });
    // Weak references need no exports, which would block changes to a stack, and no custom resources between regions.
    CrossStackReferences.of(this).consume(ReferenceStrength.WEAK);
    this.#zones = availabilityZoneNames(stage.availabilityZones);
  }

  /** Comes from the stage, so that synthesis never asks AWS. */
  override get availabilityZones(): string[] {
    return this.#zones;
  }
}
