import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultStackSynthesizer, type ISynthesisSession } from 'aws-cdk-lib';

/**
 * Writes into a stack's template the hashes of the templates whose outputs it reads. `Fn::GetStackOutput` is resolved when a
 * stack is updated, and the CDK CLI does not update a stack whose template is unchanged (`canSkipDeploy`). So without the
 * hashes, a stack would keep the old output of one that was deployed before it. An update that changes nothing is an empty
 * change set.
 *
 * Stacks are synthesized in the order in which they are made, and each reads only from those before it.
 */
export class ReadingSynthesizer extends DefaultStackSynthesizer {
  override synthesize(session: ISynthesisSession): void {
    const stack = this.boundStack;
    const reads = stack.dependencies
      .map(({ stackName, templateFile }) => [stackName, hashOf(join(session.outdir, templateFile))] as const)
      .sort(([one], [other]) => one.localeCompare(other));
    if (reads.length > 0) stack.templateOptions.metadata = { 'headend:reads': Object.fromEntries(reads) };
    super.synthesize(session);
  }
}

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
