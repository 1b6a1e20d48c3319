import type { OpenAPIHono } from '@hono/zod-openapi';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { SECURITY_HEADERS } from '#domain/site-headers.ts';
import { type Problem, problemResponse } from './problem.ts';
import type { RequestBindings } from './source-address.ts';

/** A Lambda handler behind an API Gateway HTTP API (payload format 2.0). */
export type HttpApiHandler = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;

/** Methods that a Request cannot have (Fetch standard, forbidden methods). */
const FORBIDDEN_METHODS = ['CONNECT', 'TRACE', 'TRACK'];
/** Methods whose content has no meaning (RFC 9110 section 9.3). A Request with one of them must not have a body. */
const METHODS_WITHOUT_BODY = ['GET', 'HEAD'];

/** Makes the app a Lambda handler. It also answers requests that the Fetch API cannot represent. */
export function createHandler(app: OpenAPIHono): HttpApiHandler {
  return async (event) => {
    const { method } = event.requestContext.http;
    if (FORBIDDEN_METHODS.includes(method)) {
      const headers = { Allow: 'GET, HEAD, POST, PUT, PATCH, DELETE' };
      return problemResult({ status: 405, detail: `${method} is not supported.`, headers });
    }
    const bindings: RequestBindings = { sourceAddress: event.requestContext.http.sourceIp };
    return toResult(await app.fetch(toRequest(event), bindings));
  };
}

/** Converts a problem to a Lambda result, for requests that never reach the app. */
export async function problemResult(problem: Problem): Promise<APIGatewayProxyStructuredResultV2> {
  const result = await toResult(problemResponse(problem));
  return { ...result, headers: { ...result.headers, 'cache-control': 'no-store' } };
}

/** Converts a response to a Lambda result. Every body is text, except pictures. */
async function toResult(response: Response): Promise<APIGatewayProxyStructuredResultV2> {
  const setCookies = response.headers.getSetCookie();
  const isBase64Encoded = response.headers.get('Content-Type')?.startsWith('image/') === true;
  return {
    statusCode: response.status,
    headers: { ...Object.fromEntries([...response.headers].filter(isNoCookie)), ...SECURITY_HEADERS },
    ...(setCookies.length > 0 && { cookies: setCookies }),
    body: Buffer.from(await response.arrayBuffer()).toString(isBase64Encoded ? 'base64' : 'utf8'),
    ...(isBase64Encoded && { isBase64Encoded }),
  };
}

/** A result has its cookies apart. */
const isNoCookie = ([name]: readonly [string, string]): boolean => name !== 'set-cookie';

/** AWS: "Create AWS Lambda proxy integrations for HTTP APIs", payload format version 2.0. */
function toRequest({
  rawPath,
  rawQueryString,
  headers,
  cookies = [],
  body,
  isBase64Encoded,
  requestContext,
}: APIGatewayProxyEventV2) {
  const { method } = requestContext.http;
  const query = rawQueryString === '' ? '' : `?${rawQueryString}`;
  const init: RequestInit = {
    method,
    headers: Object.entries(withCookies(headers, cookies)).map(([name, value = '']) => [name, toBytes(value)]),
  };
  if (body !== undefined && !METHODS_WITHOUT_BODY.includes(method)) {
    init.body = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  }
  return new Request(`https://${requestContext.domainName}${rawPath}${query}`, init);
}

/** API Gateway takes the cookies out of the headers. */
const withCookies = (
  headers: APIGatewayProxyEventV2['headers'],
  cookies: readonly string[],
): APIGatewayProxyEventV2['headers'] => (cookies.length === 0 ? headers : { ...headers, cookie: cookies.join('; ') });

/** A header's value as the Fetch API takes it: one character for each byte. API Gateway decodes UTF-8, which anybody may send. */
const toBytes = (value: string): string => Buffer.from(value).toString('latin1');
