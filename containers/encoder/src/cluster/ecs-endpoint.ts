/** ECS's answers are a few kilobytes long. */
const MAX_ANSWER_BYTES = 256 * 1024;

export type Fetch = typeof globalThis.fetch;

export interface EcsRequest {
  readonly fetch: Fetch;
  readonly url: string;
  /** Aborts the call. */
  readonly signal: AbortSignal;
  /** A body of JSON makes it a PUT. @default none, a GET */
  readonly body?: object;
}

/** An answer of one of ECS's endpoints in the task. */
export interface EcsAnswer {
  readonly status: number;
  /** The body as JSON. Undefined if it is not JSON. */
  readonly json: unknown;
}

/**
 * Calls one of the HTTP endpoints that ECS offers inside a task. Rejects if there is no answer, or if it is too long.
 * Errors do not contain the URL, because it is all that such an endpoint knows a container by.
 */
export async function callEcsEndpoint({ fetch, url, signal, body }: EcsRequest): Promise<EcsAnswer> {
  const put = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(url, { signal, redirect: 'error', ...(body === undefined ? {} : put) });
  return { status: response.status, json: parseJson(await readText(response)) };
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
