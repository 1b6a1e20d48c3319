import type { Logger } from 'pino';
import { type AwsEndpointAddress, type AwsRequest, startAwsEndpoint } from './aws-endpoint.ts';
import { type ListeningServer, LOOPBACK } from './http-server.ts';

/** A Lambda handler. Takes and returns any JSON value. */
export type LambdaHandler = (event: unknown) => Promise<unknown>;

/** The functions by name, the log of their failures, and the address of the Invoke API. */
export interface LambdaRuntimeOptions {
  readonly functions: Readonly<Record<string, LambdaHandler>>;
  readonly log: Logger;
  /** @default any free port of 127.0.0.1 */
  readonly address?: AwsEndpointAddress;
}

/** Size limit of a synchronous invocation's payload (AWS Lambda quotas). */
const PAYLOAD_LIMIT_BYTES = 6 * 1024 * 1024;
const INVOCATION_PATH = /^\/2015-03-31\/functions\/([^/?]+)\/invocations$/;

interface InvokeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Serves the Lambda Invoke API for synchronous invocations by function name. */
export async function startLambdaRuntime(options: LambdaRuntimeOptions): Promise<ListeningServer> {
  const { functions, log, address = LOOPBACK } = options;
  return startAwsEndpoint({
    ...{ service: 'lambda', address, bodyLimitBytes: PAYLOAD_LIMIT_BYTES, log },
    answer: async (request, response) => {
      const { status, headers, body } = await answer(request, functions, log);
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body ?? null));
    },
  });
}

async function answer(
  { head, body }: AwsRequest,
  functions: LambdaRuntimeOptions['functions'],
  log: Logger,
): Promise<InvokeAnswer> {
  const name = INVOCATION_PATH.exec(head.url ?? '')?.[1];
  if (name === undefined || head.method !== 'POST') return refuse(404, 'ResourceNotFoundException', 'No such route');
  if (!Object.hasOwn(functions, name)) return refuse(404, 'ResourceNotFoundException', `No function ${name}`);
  if (body === null) return refuse(413, 'RequestTooLargeException', `Limit: ${PAYLOAD_LIMIT_BYTES} bytes`);
  let event: unknown;
  try {
    event = body.length === 0 ? null : JSON.parse(body.toString());
  } catch {
    return refuse(400, 'InvalidRequestContentException', 'The payload is not JSON');
  }
  return invoke(name, functions[name] as LambdaHandler, event, log);
}

async function invoke(name: string, handler: LambdaHandler, event: unknown, log: Logger): Promise<InvokeAnswer> {
  try {
    return { status: 200, headers: {}, body: await handler(event) };
  } catch (error) {
    log.error({ err: error, function: name }, 'function failed');
    const { name: errorType, message: errorMessage } = error instanceof Error ? error : new Error(String(error));
    return { status: 200, headers: { 'X-Amz-Function-Error': 'Unhandled' }, body: { errorType, errorMessage } };
  }
}

const refuse = (status: number, errorType: string, message: string): InvokeAnswer => ({
  status,
  headers: { 'X-Amzn-ErrorType': errorType },
  body: { Type: 'User', Message: message },
});
