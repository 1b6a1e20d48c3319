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

test('a picture is in base64, as Lambda wants it, and text is not', async () => {
  const app = new OpenAPIHono();
  const bytes = Buffer.from([0x89, 0x50, 0xff, 0x00]);
  app.get('/api/echo', (context) => context.body(bytes, 200, { 'Content-Type': 'image/png' }));
  const http = { method: 'GET', sourceIp: '192.0.2.1' };
  const event = {
    ...{ rawPath: '/api/echo', rawQueryString: '', isBase64Encoded: false, headers: {} },
    requestContext: { domainName: 'api.example.com', http },
  };
  const result = await createHandler(app)(event as unknown as APIGatewayProxyEventV2);
  expect(result).toMatchObject({ statusCode: 200, isBase64Encoded: true, body: bytes.toString('base64') });
  expect(await echo('a')).not.toHaveProperty('isBase64Encoded');
});

test.each([
  ['a', 'a'],
  // API Gateway decodes UTF-8, and the Fetch API takes bytes.
  ['5 €', Buffer.from('5 €').toString('latin1')],
  ['\ufffd', Buffer.from('\ufffd').toString('latin1')],
])('a header with %j does not fail the function, which would set off its alarm', async (value, seen) => {
  expect(await echo(value)).toMatchObject({ statusCode: 200, body: seen });
});
