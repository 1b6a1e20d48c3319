import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';

interface SecretsRequest {
  readonly SecretId: string;
  readonly SecretString?: string;
}

/** Starts a Secrets Manager that stores secrets and new values, and a client for it that does not retry. */
export async function startStoredSecrets(texts: Record<string, string | null> = {}) {
  const secrets = new Map(Object.entries(texts));
  const state = { failure: null as string | null, calls: [] as string[] };
  const server = await listenOnLoopback(
    createServer(async (request, response) => {
      const operation = String(request.headers['x-amz-target']).replace('secretsmanager.', '');
      const { SecretId, SecretString } = (await json(request)) as SecretsRequest;
      state.calls.push(operation);
      const fail = (name: string) =>
        response.writeHead(400, { 'x-amzn-errortype': name }).end(JSON.stringify({ __type: name, message: name }));
      if (state.failure !== null) return void fail(state.failure);
      if (!secrets.has(SecretId)) return void fail('ResourceNotFoundException');
      if (operation === 'PutSecretValue') secrets.set(SecretId, SecretString ?? '');
      const text = secrets.get(SecretId) ?? null;
      if (text === null) return void fail('ResourceNotFoundException');
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(
        JSON.stringify({ ARN: SecretId, ...(operation === 'GetSecretValue' ? { SecretString: text } : {}) }),
      );
    }),
  );
  const client = new SecretsManager({
    endpoint: server.url,
    region: LOCAL_REGION,
    credentials: LOCAL_CREDENTIALS,
    maxAttempts: 1,
  });
  return {
    url: server.url,
    client,
    /** Values by ARN. Null for a secret without a value. */
    secrets,
    /** The name of the error with which every call fails, if any, and the calls so far. */
    state,
    async close(): Promise<void> {
      client.destroy();
      await server.close();
    },
  };
}
