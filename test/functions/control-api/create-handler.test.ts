import { OpenAPIHono } from '@hono/zod-openapi';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { createHandler } from '#functions/control-api/create-handler.ts';

/** Sends a request whose header has a value as Lambda gets it, and answers with that header. */
async function echo(value: string) {
  const app = new OpenAPIHono();
  app.get('/api/echo', (context) => context.text(context.req.header('x-echo') ?? 'none'));
  const http = { method: 'GET', sourceIp: '192.0.2.1' };
  return createHandler(app)({
    ...{ rawPath: '/api/echo', rawQueryString: '', isBase64Encoded: false, headers: { 'x-echo': value } },
    requestContext: { domainName: 'api.example.com', http },
  } as unknown as APIGatewayProxyEventV2);
}

test.each([
  ['a', 'a'],
  // API Gateway decodes UTF-8, and the Fetch API takes bytes.
  ['5 €', Buffer.from('5 €').toString('latin1')],
  ['\ufffd', Buffer.from('\ufffd').toString('latin1')],
])('a header with %j does not fail the function, which would set off its alarm', async (value, seen) => {
  expect(await echo(value)).toMatchObject({ statusCode: 200, body: seen });
});
