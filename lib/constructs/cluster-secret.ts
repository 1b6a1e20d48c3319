import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

/**
 * The secret by which encoder tasks know each other. Secrets Manager generates it. It protects nothing that is stored,
 * so it goes with its stack.
 */
export class ClusterSecret extends Construct {
  readonly secret: Secret;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.secret = new Secret(this, 'Secret', {
      description: 'Headend: encoder tasks show it to each other; docs/operations.md says how to rotate it',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(this.secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'One command puts a new value, which tasks accept without a deployment. A schedule would need a function of its own.',
    });
  }
}
