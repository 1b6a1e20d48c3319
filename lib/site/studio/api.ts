import { signal } from '@preact/signals';

/** No answer takes longer, or the API is out of reach. */
const ANSWER_TIMEOUT_MS = 15_000;
const UNAUTHORIZED = 401;

/** A field that the API did not take, by its name in the request. */
export interface FieldProblem {
  readonly field: string;
  readonly detail: string;
}

/** A request that failed. `status` is null if no answer came. */
export class ApiFailure extends Error {
  readonly status: number | null;
  readonly fields: readonly FieldProblem[];

  constructor(message: string, status: number | null, fields: readonly FieldProblem[] = []) {
    super(message);
    this.name = 'ApiFailure';
    this.status = status;
    this.fields = fields;
  }
}

/** What `callApi` has rejected with. */
export const toApiFailure = (error: unknown): ApiFailure =>
  error instanceof ApiFailure ? error : new ApiFailure('', null);

/** A request of the control API. The path begins with `/api/`. */
export interface StudioRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Whether the API has refused the session since the page was opened. The page then asks to sign in again. */
export const isSignedOut = signal(false);

/**
 * Sends a request as the person who is signed in. The cookie does that, which no script can read. Resolves to the answer's body, or
 * null if it has none. Rejects with an ApiFailure.
 */
export async function callApi<Body = null>({ method = 'GET', path, body, headers }: StudioRequest): Promise<Body> {
  const response = await send(path, {
    method,
    credentials: 'same-origin',
    headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  const text = await response.text().catch(() => '');
  const json = parseJson(text);
  if (response.ok) return json as Body;
  if (response.status === UNAUTHORIZED) isSignedOut.value = true;
  throw toFailure(response.status, json);
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch {
    throw new ApiFailure('', null);
  }
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/** RFC 9457, and the API's own list of fields. */
function toFailure(status: number, json: unknown): ApiFailure {
  const { detail, title, errors } = (json ?? {}) as {
    readonly detail?: unknown;
    readonly title?: unknown;
    readonly errors?: readonly FieldProblem[];
  };
  const message = [detail, title].find((text): text is string => typeof text === 'string') ?? '';
  return new ApiFailure(message, status, Array.isArray(errors) ? errors : []);
}
