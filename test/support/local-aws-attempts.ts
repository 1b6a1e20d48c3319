import { LOCAL_TABLE_NAMES } from '#scripts/local/local-tables.ts';
import type { LocalAwsService } from '#scripts/local/request-signature.ts';
import type { StrangersRequest } from '#test/support/other-user.ts';
import { signedHeaders } from '#test/support/signed-fetch.ts';

/** An admin token of an attacker's making. */
export interface ForgedToken {
  readonly id: string;
  readonly tokenHash: string;
}

/** The id of an event that no encoder has sent. */
export const FORGED_EVENT_ID = 'forged';

interface AwsCall {
  readonly service: LocalAwsService;
  readonly path: string;
  readonly target?: string;
  readonly body: unknown;
}

const ADMIN_TOKENS = { TableName: LOCAL_TABLE_NAMES.ADMIN_TOKENS_TABLE };

/** What somebody would call to read everything and to become an administrator. */
function callsFor({ id, tokenHash }: ForgedToken): AwsCall[] {
  const item = { id, tokenHash, name: 'forged', createdAt: '2026-11-20T19:30:00.000Z' };
  const Item = Object.fromEntries(Object.entries(item).map(([name, value]) => [name, { S: value }]));
  const Detail = JSON.stringify({ id: FORGED_EVENT_ID, type: 'stream.live', time: '2026-11-20T19:30:00.000Z' });
  const dynamoDb = { service: 'dynamodb', path: '/' } as const;
  return [
    { ...dynamoDb, target: 'DynamoDB_20120810.ListTables', body: {} },
    { ...dynamoDb, target: 'DynamoDB_20120810.Scan', body: { TableName: LOCAL_TABLE_NAMES.STREAMS_TABLE } },
    { ...dynamoDb, target: 'DynamoDB_20120810.PutItem', body: { ...ADMIN_TOKENS, Item } },
    {
      ...{ service: 'events', path: '/', target: 'AWSEvents.PutEvents' },
      body: { Entries: [{ DetailType: 'stream.live', Detail }] },
    },
    {
      service: 'lambda',
      path: '/2015-03-31/functions/ingest-auth/invocations',
      body: { streamKey: 'a', sourceAddress: 'b' },
    },
    { service: 'cloudfront', path: '/2020-05-31/distribution/local/invalidation', body: {} },
  ];
}

/** All calls to a port, signed with each of the secrets. */
export function awsAttempts(port: number, token: ForgedToken, secrets: readonly string[]): StrangersRequest[] {
  return secrets.flatMap((secret) =>
    callsFor(token).map(({ service, path, target, body: value }) => {
      const url = `http://127.0.0.1:${port}${path}`;
      const body = JSON.stringify(value);
      const type = {
        'content-type': service === 'events' ? 'application/x-amz-json-1.1' : 'application/x-amz-json-1.0',
      };
      const headers = { ...type, ...(target === undefined ? {} : { 'x-amz-target': target }) };
      return { url, method: 'POST', body, headers: signedHeaders(url, { service, secret, body, headers }) };
    }),
  );
}
