import { Names, Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** CloudFront's limit, except for policies. */
const MAX_LENGTH = 64;
/** As in `ap-southeast-1`, with a hyphen before it. */
const REGION_LENGTH = 15;

/**
 * A name for a resource of CloudFront, which has one namespace for all regions of an account. The CDK's own names are
 * unique for a stage only, so they would keep a stage of the same name from being deployed in a second region.
 */
export function globalName(scope: IConstruct, id: string): string {
  const name = Names.uniqueResourceName(scope, { maxLength: MAX_LENGTH - REGION_LENGTH - id.length - 1 });
  return `${name}-${id}-${Stack.of(scope).region}`;
}
