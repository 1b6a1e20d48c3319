import { createServer, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { listenOnLoopback } from '#scripts/local/http-server.ts';

const requestSchema = z.object({ SecretId: z.string(), VersionStage: z.string().default('AWSCURRENT') });

/** Answers one GetSecretValue request. */
export type SecretAnswer = (response: ServerResponse, secretId: string, versionStage: string) => void;

/** Answers with a secret like Secrets Manager. */
export const secretText =
  (SecretString: string): SecretAnswer =>
  (response, Name) =>
    send(response, 200, { Name, SecretString, VersionId: '1', VersionStages: ['AWSCURRENT'] });

/** Answers with an error like Secrets Manager. The SDK retries after a 500, but not after a 400. */
export const secretError =
  (status: number, type: string): SecretAnswer =>
  (response) =>
    send(response, status, { __type: type, Message: 'no' });

/** Starts a server for Secrets Manager's GetSecretValue (AWS JSON 1.1). It answers with the current `answer`. */
export async function startSecretsManager(answer: SecretAnswer) {
  const state = { answer, requests: [] as string[] };
  const server = await listenOnLoopback(
    createServer(async (request, response) => {
      if (request.headers['x-amz-target'] !== 'secretsmanager.GetSecretValue') {
        return send(response, 400, { __type: 'UnknownOperationException' });
      }
      const { SecretId, VersionStage } = requestSchema.parse(await json(request));
      state.requests.push(SecretId);
      state.answer(response, SecretId, VersionStage);
    }),
  );
  return { url: server.url, state, close: server.close };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
}
