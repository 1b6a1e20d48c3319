import { Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** The id of what cdk-nag finds in a policy of `scope`'s stack with this resource: it quotes the ARN with its references in brackets. */
export function wildcardFinding(scope: IConstruct, resourceArn: string): string {
  return `AwsSolutions-IAM5[Resource::${flatten(Stack.of(scope).resolve(resourceArn))}]`;
}

/** A resolved string or intrinsic function as cdk-nag writes it. Throws on functions that no ARN of ours has. */
function flatten(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[name, argument] = []] = Object.entries(value as Record<string, unknown>);
  if (name === 'Ref') return `<${argument}>`;
  if (name === 'Fn::GetAtt') return `<${(argument as string[]).join('.')}>`;
  if (name === 'Fn::Join') {
    const [separator, parts] = argument as [string, unknown[]];
    return parts.map(flatten).join(separator);
  }
  throw new Error(`an ARN with ${name}`);
}
