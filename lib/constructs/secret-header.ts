import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { EDGE_SECRET_HEADER } from '#domain/ports.ts';

/** The header by which origins know CloudFront. A reference that CloudFormation resolves, so the template does not have the secret. */
export const secretHeader = (secret: Secret): Record<string, string> => ({
  [EDGE_SECRET_HEADER]: secret.secretValue.unsafeUnwrap(),
});
