import { fileURLToPath } from 'node:url';
import { Function as EdgeFunction, FunctionCode, FunctionRuntime } from 'aws-cdk-lib/aws-cloudfront';
import { Construct } from 'constructs';

const CODE_PATH = fileURLToPath(new URL('../functions/viewer-address/function.js', import.meta.url));

/**
 * The CloudFront Function in front of the control API. It passes the viewer's address on in a header of its own.
 * CloudFront's own header for it would need an origin request policy that also passes the viewers' Host on, which API
 * Gateway refuses.
 */
export class ViewerAddressFunction extends Construct {
  readonly edgeFunction: EdgeFunction;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.edgeFunction = new EdgeFunction(this, 'Function', {
      code: FunctionCode.fromFile({ filePath: CODE_PATH }),
      runtime: FunctionRuntime.JS_2_0,
      comment: "Headend: tells the control API the viewer's address",
    });
  }
}
