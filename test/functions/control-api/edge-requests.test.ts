import { randomBytes } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { pino } from 'pino';
import { EDGE_SECRET_HEADER } from '#domain/ports.ts';
import { generateSecret } from '#domain/stream-ids.ts';
import { onlyEdgeRequests } from '#functions/control-api/edge-requests.ts';
import { openSharedSecret } from '#runtime/shared-secret.ts';

const value = generateSecret(randomBytes);
const DEFAULT_DOMAIN = 'abcdefghij.execute-api.us-east-1.amazonaws.com';
const CLOUDFRONT_ADDRESS = '192.0.2.99';
const VIEWER = { 'x-headend-viewer-address': '198.51.100.7' };
const OWN_DOMAIN = 'api.example.com';

/** A request to a domain with these headers. `seen` is what the handler gets. */
async function ask(domainName: string, headers: Record<string, string>, ownDomain: string | null = null) {
  const seen: APIGatewayProxyEventV2[] = [];
  const secret = await openSharedSecret({ value }, { name: 'it', now: Date.now, log: pino({ enabled: false }) });
  const handler = onlyEdgeRequests(
    async (event) => {
      seen.push(event);
      return { statusCode: 204 };
    },
    { secret, ownDomain },
  );
  const result = await handler({
    headers,
    requestContext: { domainName, http: { sourceIp: CLOUDFRONT_ADDRESS } },
  } as unknown as APIGatewayProxyEventV2);
  return { result, seen };
}

test('what CloudFront passes on is answered, and the handler does not see the secret', async () => {
  const { result, seen } = await ask(DEFAULT_DOMAIN, { [EDGE_SECRET_HEADER]: value, accept: 'text/html' });
  expect(result.statusCode).toBe(204);
  expect(seen.map(({ headers }) => headers)).toEqual([{ accept: 'text/html' }]);
});

test.each<[string, Record<string, string>, string | null]>([
  ['without the header', {}, null],
  ['with an empty header', { [EDGE_SECRET_HEADER]: '' }, null],
  ['with a wrong secret', { [EDGE_SECRET_HEADER]: generateSecret(randomBytes) }, null],
  ['without the header in a deployment with a domain of its own', {}, OWN_DOMAIN],
])("a request to API Gateway's address %s is refused", async (_case, headers, ownDomain) => {
  const { result, seen } = await ask(DEFAULT_DOMAIN, headers, ownDomain);
  expect(result).toMatchObject({
    statusCode: 403,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  });
  expect(result.body).not.toContain(value);
  expect(seen).toEqual([]);
});

test("a request to the API's own domain needs no secret", async () => {
  expect((await ask(OWN_DOMAIN, {}, OWN_DOMAIN)).result.statusCode).toBe(204);
  expect((await ask(OWN_DOMAIN, {})).result.statusCode).toBe(403);
});

const addressSeen = ([event]: readonly APIGatewayProxyEventV2[]) => event?.requestContext.http.sourceIp;

test('the viewer is the source of a request that came through CloudFront', async () => {
  const { seen } = await ask(DEFAULT_DOMAIN, { [EDGE_SECRET_HEADER]: value, ...VIEWER });
  expect(addressSeen(seen)).toBe('198.51.100.7');
});

test("at the API's own domain nobody can name another address", async () => {
  const { seen } = await ask(OWN_DOMAIN, { ...VIEWER, [EDGE_SECRET_HEADER]: 'x' }, OWN_DOMAIN);
  expect(addressSeen(seen)).toBe(CLOUDFRONT_ADDRESS);
});
