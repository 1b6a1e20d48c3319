import { SecretValue, Validations } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import { toRemovalPolicy } from './stage-retention.ts';

/** The secret with the keys of viewer tokens. It starts empty; `npm run deploy` creates the first key. */
export class ViewerTokenSecret extends Construct {
  readonly secret: Secret;

  constructor(scope: Construct, id: string, { removalPolicy }: Pick<ResolvedStage, 'removalPolicy'>) {
    super(scope, id);
    this.secret = new Secret(this, 'Secret', {
      description: 'Headend: keys of viewer tokens; npm run viewer-keys rotates them',
      // This is no secret. To the tool, an empty object means that there is no key yet.
      secretStringValue: SecretValue.unsafePlainText('{}'),
      removalPolicy: toRemovalPolicy(removalPolicy),
    });
    Validations.of(this.secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        "CloudFront's own store needs the same keys. Rotation would not change them there; npm run viewer-keys does.",
    });
  }
}
