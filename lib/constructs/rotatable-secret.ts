import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

export interface RotatableSecretProps {
  /** Who shows it to whom. */
  readonly description: string;
}

/**
 * A secret by which parts of the deployment know each other. Secrets Manager generates it, and one command puts a new
 * value. It protects nothing that is stored, so it goes with its stack.
 */
export class RotatableSecret extends Construct {
  readonly secret: Secret;

  constructor(scope: Construct, id: string, { description }: RotatableSecretProps) {
    super(scope, id);
    this.secret = new Secret(this, 'Secret', {
      description: `Headend: ${description}; docs/operations.md says how to rotate it`,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(this.secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'One command puts a new value, and the one before it stays valid. A schedule would need a function of its own.',
    });
  }
}
