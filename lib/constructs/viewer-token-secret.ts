import { SecretValue, Validations } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import { toRemovalPolicy } from './to-removal-policy.ts';

/** The Secrets Manager secret with the keys of viewer tokens. It is made empty: `npm run deploy` makes the first key. */
export class ViewerTokenSecret extends Construct {
  readonly secret: Secret;

  constructor(scope: Construct, id: string, { removalPolicy }: Pick<ResolvedStage, 'removalPolicy'>) {
    super(scope, id);
    this.secret = new Secret(this, 'Secret', {
      description: 'Headend: keys of viewer tokens; npm run viewer-keys rotates them',
      // Nothing secret: the tool takes an empty object for "no key yet", and any other content for somebody's own.
      secretStringValue: SecretValue.unsafePlainText('{}'),
      removalPolicy: toRemovalPolicy(removalPolicy),
    });
    Validations.of(this.secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'CloudFront has the same keys, in a store that Secrets Manager does not write: npm run viewer-keys writes both.',
    });
  }
}
