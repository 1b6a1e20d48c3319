import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { pino } from 'pino';
import { withViewerAddress } from '#functions/control-api/source-address.ts';
import { loadEdgeFunction } from '#scripts/local/edge-function.ts';

const CODE_PATH = fileURLToPath(new URL('../../lib/functions/viewer-address/function.js', import.meta.url));

/** The address that the API sees of a viewer at `ip` who sends these headers, through CloudFront and API Gateway. */
async function addressSeen(ip: string, headers: Record<string, { value: string }>): Promise<string> {
  const code = await readFile(CODE_PATH, 'utf8');
  const edgeFunction = loadEdgeFunction({ code, keyValues: new Map(), log: pino({ enabled: false }) });
  const event = { viewer: { ip }, request: { method: 'GET', uri: '/api/streams', querystring: {}, headers } };
  const request = (await edgeFunction(event as never)) as unknown as typeof event.request;
  const received = {
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, { value }]) => [name, value])),
    requestContext: { http: { sourceIp: '192.0.2.99' } },
  };
  return withViewerAddress(received as unknown as APIGatewayProxyEventV2).requestContext.http.sourceIp;
}

test.each(['198.51.100.7', '2001:db8::7'])("the API sees the viewer's address %s", async (ip) => {
  expect(await addressSeen(ip, {})).toBe(ip);
});

test('a viewer cannot name another address', async () => {
  const forged = { value: '203.0.113.1' };
  const headers = { 'x-headend-viewer-address': forged, 'x-forwarded-for': forged, forwarded: forged };
  expect(await addressSeen('198.51.100.7', headers)).toBe('198.51.100.7');
});

test("without the header, the peer's address is left", () => {
  const event = { headers: {}, requestContext: { http: { sourceIp: '192.0.2.99' } } };
  expect(withViewerAddress(event as unknown as APIGatewayProxyEventV2).requestContext.http.sourceIp).toBe('192.0.2.99');
});
