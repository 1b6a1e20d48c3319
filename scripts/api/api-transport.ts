import { randomUUID } from 'node:crypto';
import { isNativeError } from 'node:util/types';
import type { z } from 'zod';
import { problemSchema } from '#functions/control-api/schemas.ts';
import { errorMessage } from '#scripts/terminal/errors.ts';
import { ApiError } from './api-error.ts';
import { readServerSentEvents } from './server-sent-events.ts';

/** Timeout of one answer including its body. The API's own limits are shorter. */
const ANSWER_TIMEOUT_MS = 20_000;

/** The address of a control API, without a trailing slash, and an admin token for it. */
export interface ApiTransportOptions {
  readonly apiUrl: string;
  readonly token: string;
}

/** A request that may change something. The path is relative to the API's address and starts with a slash. */
export interface ApiChange {
  readonly path: string;
  readonly body?: object;
  /** The version that the stream must have. Null or undefined: any. */
  readonly ifVersion?: number | null | undefined;
}

/** A file that is sent as it is. */
export interface ApiUpload extends Pick<ApiChange, 'path' | 'ifVersion'> {
  readonly mediaType: string;
  readonly data: Uint8Array<ArrayBuffer>;
}

interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly mediaType: string; readonly data: string | Uint8Array<ArrayBuffer> } | undefined;
}

/** Sends requests to the control API and checks what comes back. A call that fails throws an ApiError. */
export class ApiTransport {
  readonly #options: ApiTransportOptions;

  constructor(options: ApiTransportOptions) {
    this.#options = options;
  }

  get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> {
    return this.#read({ method: 'GET', path }, schema);
  }

  /**
   * If no answer of the API comes back, sends the request once more with the same idempotency key: nothing is made twice.
   */
  async post<Schema extends z.ZodType>({ path, body, ifVersion }: ApiChange, schema: Schema): Promise<z.infer<Schema>> {
    const headers = { 'Idempotency-Key': randomUUID(), ...ifMatch(ifVersion) };
    const request = { method: 'POST', path, headers, body: toJsonBody(body) } as const;
    try {
      return await this.#read(request, schema);
    } catch (error) {
      if (error instanceof ApiError && error.kind !== 'refused') return this.#read(request, schema);
      throw error;
    }
  }

  patch<Schema extends z.ZodType>({ path, body, ifVersion }: ApiChange, schema: Schema): Promise<z.infer<Schema>> {
    return this.#read({ method: 'PATCH', path, headers: ifMatch(ifVersion), body: toJsonBody(body) }, schema);
  }

  put<Schema extends z.ZodType>(
    { path, mediaType, data, ifVersion }: ApiUpload,
    schema: Schema,
  ): Promise<z.infer<Schema>> {
    return this.#read({ method: 'PUT', path, headers: ifMatch(ifVersion), body: { mediaType, data } }, schema);
  }

  async delete({ path, ifVersion }: ApiChange): Promise<void> {
    await this.#text({ method: 'DELETE', path, headers: ifMatch(ifVersion) });
  }

  /** Yields the data of server-sent events until the feed ends or the signal aborts, which both throw an ApiError. */
  async *follow<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    signal: AbortSignal,
  ): AsyncGenerator<z.infer<Schema>> {
    const response = await this.#send({ method: 'GET', path, headers: { Accept: 'text/event-stream' } }, signal);
    if (response.body === null) throw this.#notHeadend('an empty answer');
    try {
      for await (const data of readServerSentEvents(response.body)) yield this.#parse(data, schema);
    } catch (error) {
      throw error instanceof ApiError ? error : this.#noAnswer(error);
    }
    throw this.#noAnswer(new Error('the feed has ended'));
  }

  async #read<Schema extends z.ZodType>(request: ApiRequest, schema: Schema): Promise<z.infer<Schema>> {
    return this.#parse(await this.#text(request), schema);
  }

  async #text(request: ApiRequest): Promise<string> {
    const response = await this.#send(request, AbortSignal.timeout(ANSWER_TIMEOUT_MS));
    try {
      return await response.text();
    } catch (cause) {
      throw this.#noAnswer(cause);
    }
  }

  async #send({ method, path, headers, body }: ApiRequest, signal: AbortSignal): Promise<Response> {
    const { apiUrl, token } = this.#options;
    let response: Response;
    try {
      response = await fetch(`${apiUrl}${path}`, {
        method,
        headers: {
          ...headers,
          Authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'Content-Type': body.mediaType }),
        },
        ...(body === undefined ? {} : { body: body.data }),
        // The token must not be sent to any other address.
        redirect: 'manual',
        signal,
      });
    } catch (cause) {
      throw this.#noAnswer(cause);
    }
    if (!response.ok) throw await this.#refusal(response);
    return response;
  }

  #parse<Schema extends z.ZodType>(text: string, schema: Schema): z.infer<Schema> {
    const parsed = schema.safeParse(parseJson(text));
    if (!parsed.success) throw this.#notHeadend('an answer of another shape');
    return parsed.data;
  }

  async #refusal(response: Response): Promise<ApiError> {
    const text = await response.text().catch((cause: unknown) => {
      throw this.#noAnswer(cause);
    });
    const problem = problemSchema.safeParse(parseJson(text));
    if (!problem.success) return this.#notHeadend(`status ${response.status}`);
    const { status, title, detail = title, errors } = problem.data;
    const reasons = errors?.map((error) => `${error.field || 'body'}: ${error.detail}`) ?? [detail];
    const message = reasons.map((reason) => `Refused (${status}): ${reason}`).join('\n');
    return new ApiError('refused', message, { status });
  }

  #noAnswer(cause: unknown): ApiError {
    return new ApiError('no-answer', `No answer from ${this.#options.apiUrl}: ${reasonOf(cause)}.`, { cause });
  }

  #notHeadend(answer: string): ApiError {
    return new ApiError('not-headend', `${this.#options.apiUrl} is not Headend's control API: it gave ${answer}.`);
  }
}

const toJsonBody = (body: object | undefined): ApiRequest['body'] =>
  body === undefined ? undefined : { mediaType: 'application/json', data: JSON.stringify(body) };

const ifMatch = (version: number | null | undefined): Record<string, string> =>
  version === null || version === undefined ? {} : { 'If-Match': `"${version}"` };

/** Null if the text is not JSON. The API never answers null, so no schema accepts it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * fetch (undici) puts a network failure into the cause. If a host has several addresses, only the code says what
 * failed.
 */
function reasonOf(error: unknown): string {
  const cause = isNativeError(error) && error.cause !== undefined ? error.cause : error;
  return errorMessage(cause).replace(/\s+/g, ' ').trim() || String((cause as NodeJS.ErrnoException).code);
}
