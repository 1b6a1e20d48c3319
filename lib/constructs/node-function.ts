import type { Duration } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { makeLogGroup } from './stage-retention.ts';

export interface NodeFunctionProps {
  /** The folder with the bundle, `index.mjs`. */
  readonly codePath: string;
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMib: number;
  readonly timeout: Duration;
  readonly logRetentionDays: number;
}

/** The runtime of every Lambda function. A test makes sure that it is the newest Node.js. */
const RUNTIME = Runtime.NODEJS_24_X;

/** A Lambda function from a bundle. It has its own log group, and its role may only write to that log group. */
export class NodeFunction extends Construct {
  readonly function: LambdaFunction;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    super(scope, id);
    this.logGroup = makeLogGroup(this, 'Log', props.logRetentionDays);
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup.grantWrite(role);
    this.function = new LambdaFunction(this, 'Function', {
      runtime: RUNTIME,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(props.codePath),
      description: props.description,
      environment: props.environment,
      memorySize: props.memoryMib,
      timeout: props.timeout,
      logGroup: this.logGroup,
      role,
    });
  }
}
