import type { OpenAPIHono } from '@hono/zod-openapi';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { problemResult, toResult } from './problem-result.ts';

/** A Lambda handler behind an API Gateway HTTP API (payload format 2.0). */
export type HttpApiHandler = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;

/** Methods that no Request can have (Fetch standard, forbidden methods). */
const FORBIDDEN_METHODS = ['CONNECT', 'TRACE', 'TRACK'];
/** Methods whose content means nothing (RFC 9110 section 9.3); a Request of theirs must not have any. */
const METHODS_WITHOUT_BODY = ['GET', 'HEAD'];

/** Makes the app a Lambda handler; what the Fetch API has no form for is answered too. */
export function createHandler(app: OpenAPIHono): HttpApiHandler {
  return async (event) => {
    const { method } = event.requestContext.http;
    if (FORBIDDEN_METHODS.includes(method)) {
      const headers = { Allow: 'GET, HEAD, POST, PATCH, DELETE' };
      return problemResult({ status: 405, detail: `${method} is not supported.`, headers });
    }
    return toResult(await app.fetch(toRequest(event)));
  };
}

/** AWS: "Create AWS Lambda proxy integrations for HTTP APIs", payload format version 2.0. */
function toRequest({
  rawPath,
  rawQueryString,
  headers,
  body,
  isBase64Encoded,
  requestContext,
}: APIGatewayProxyEventV2) {
  const { method } = requestContext.http;
  const query = rawQueryString === '' ? '' : `?${rawQueryString}`;
  const init: RequestInit = { method, headers: Object.entries(headers).map(([name, value]) => [name, value ?? '']) };
  if (body !== undefined && !METHODS_WITHOUT_BODY.includes(method)) {
    init.body = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  }
  return new Request(`https://${requestContext.domainName}${rawPath}${query}`, init);
}
