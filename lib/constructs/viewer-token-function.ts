import { Function as EdgeFunction, FunctionCode, FunctionRuntime, KeyValueStore } from 'aws-cdk-lib/aws-cloudfront';
import { Construct } from 'constructs';
import { globalName } from './global-name.ts';

export interface ViewerTokenFunctionProps {
  /** The file with the bundled function. */
  readonly codePath: string;
}

/**
 * The CloudFront Function that checks viewer tokens for protected streams, and the KeyValueStore with its keys.
 * CloudFormation never sees the keys. `npm run deploy` writes them; until then, the function lets nobody in.
 */
export class ViewerTokenFunction extends Construct {
  readonly edgeFunction: EdgeFunction;
  readonly keyValueStore: KeyValueStore;

  constructor(scope: Construct, id: string, { codePath }: ViewerTokenFunctionProps) {
    super(scope, id);
    this.keyValueStore = new KeyValueStore(this, 'Keys', {
      keyValueStoreName: globalName(this, 'Keys'),
      comment: 'Headend: keys of viewer tokens',
    });
    this.edgeFunction = new EdgeFunction(this, 'Function', {
      code: FunctionCode.fromFile({ filePath: codePath }),
      runtime: FunctionRuntime.JS_2_0,
      keyValueStore: this.keyValueStore,
      comment: 'Headend: viewer tokens',
    });
  }
}
