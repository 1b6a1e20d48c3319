import type { IncomingMessage, ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Logger } from 'pino';
import { LARGEST_BODY_BYTES } from '#functions/control-api/app.ts';
import { type HttpApiHandler, problemResult } from '#functions/control-api/create-handler.ts';
import { readBody } from './http-server.ts';

/** The Lambda handler behind an HTTP API, a clock in milliseconds since 1970, and a log. */
export interface HttpApiOptions {
  readonly handler: HttpApiHandler;
  readonly now: () => number;
  readonly log: Logger;
}

/** Answers a request by calling a Lambda handler, like API Gateway. Never rejects. */
export type HttpApi = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Answers a request for a URL as an origin of CloudFront, which decides what to do with the answer. Never rejects. */
export type ApiOrigin = (request: IncomingMessage, url: string) => Promise<APIGatewayProxyStructuredResultV2>;

/** Creates an HTTP API (payload format 2.0) in front of one handler. If the handler fails, the answer is a 500. */
export function createApiOrigin({ handler, now, log }: HttpApiOptions): ApiOrigin {
  return async (request, url) => {
    try {
      return await answer(request, url, handler, now());
    } catch (error) {
      log.error({ err: error, method: request.method }, 'request failed');
      return problemResult({ status: 500, detail: null });
    }
  };
}

/** Passes requests to an origin. */
export function createHttpApi(options: HttpApiOptions): HttpApi {
  const origin = createApiOrigin(options);
  return async (request, response) => writeResult(response, await origin(request, request.url ?? ''));
}

async function answer(
  request: IncomingMessage,
  url: string,
  handler: HttpApiHandler,
  nowMs: number,
): Promise<APIGatewayProxyStructuredResultV2> {
  const body = await readBody(request, LARGEST_BODY_BYTES);
  if (body === null)
    return problemResult({ status: 413, detail: `The body is larger than ${LARGEST_BODY_BYTES} bytes.` });
  const [, path, query = ''] = /^(\/[^?]*)\??(.*)$/.exec(url) ?? [];
  if (path === undefined) return problemResult({ status: 400, detail: 'The request target must be a path.' });
  return handler(toEvent(request, path, query, body, nowMs));
}

/** AWS: "Create AWS Lambda proxy integrations for HTTP APIs", payload format version 2.0. */
function toEvent(
  request: IncomingMessage,
  rawPath: string,
  rawQueryString: string,
  body: Buffer,
  nowMs: number,
): APIGatewayProxyEventV2 {
  const { cookie, ...others } = request.headers;
  const headers = Object.fromEntries(Object.entries(others).map(([name, value]) => [name, String(value)]));
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    headers,
    ...(cookie === undefined ? {} : { cookies: cookie.split('; ') }),
    ...(body.length === 0 ? {} : { body: body.toString('base64') }),
    isBase64Encoded: body.length > 0,
    requestContext: toRequestContext(request, rawPath, nowMs),
  };
}

function toRequestContext(
  request: IncomingMessage,
  path: string,
  nowMs: number,
): APIGatewayProxyEventV2['requestContext'] {
  return {
    accountId: 'local',
    apiId: 'local',
    domainName: 'localhost',
    domainPrefix: 'localhost',
    http: {
      method: request.method ?? 'GET',
      path,
      protocol: `HTTP/${request.httpVersion}`,
      sourceIp: request.socket.remoteAddress ?? '',
      userAgent: request.headers['user-agent'] ?? '',
    },
    requestId: 'local',
    routeKey: '$default',
    stage: '$default',
    time: new Date(nowMs).toISOString(),
    timeEpoch: nowMs,
  };
}

/** Writes an answer, with the headers that the response has already. */
export function writeResult(response: ServerResponse, result: APIGatewayProxyStructuredResultV2): void {
  for (const [name, value] of Object.entries(result.headers ?? {})) response.setHeader(name, String(value));
  if (result.cookies !== undefined) response.setHeader('set-cookie', result.cookies);
  response.statusCode = result.statusCode ?? 200;
  response.end(Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8'));
}
