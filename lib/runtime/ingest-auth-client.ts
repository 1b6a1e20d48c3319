import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { z } from 'zod';
import type { IngestAuthRequest, IngestAuthResponse } from '#domain/ingest-auth.ts';
import { authorisedStreamSchema, refusalCodeSchema } from './authorised-stream.ts';

/**
 * How long the encoder waits for a decision, in milliseconds: a cold start of the function, 1.5 s for a secret and 2 s
 * for a backend. The function's own timeout is longer, and so is the RTMP server's limit on a decision.
 */
export const INGEST_AUTH_TIMEOUT_MS = 6_000;

const responseSchema: z.ZodType<IngestAuthResponse> = z.discriminatedUnion('allow', [
  z.object({
    allow: z.literal(true),
    stream: authorisedStreamSchema,
  }),
  z.object({
    allow: z.literal(false),
    code: refusalCodeSchema,
    description: z.string(),
    streamId: z.string().min(1).optional(),
  }),
]);

/** Which function to ask, through which client, and for how long. */
export interface IngestAuthClientOptions {
  readonly functionName: string;
  readonly client: LambdaClient;
  readonly timeoutMs: number;
}

/** Asks the ingest-auth function. Rejects unless a well-formed answer comes in time. The caller then fails closed. */
export function createIngestAuthClient({ functionName, client, timeoutMs }: IngestAuthClientOptions) {
  return async (request: IngestAuthRequest): Promise<IngestAuthResponse> => {
    const answer = await client.send(
      new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(request) }),
      { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
    if (answer.FunctionError !== undefined) throw new Error(`${functionName} failed: ${answer.FunctionError}`);
    return responseSchema.parse(JSON.parse(answer.Payload?.transformToString() ?? ''));
  };
}
