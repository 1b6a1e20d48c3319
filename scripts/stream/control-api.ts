import { randomUUID } from 'node:crypto';
import { isNativeError } from 'node:util/types';
import type { z } from 'zod';
import { problemSchema } from '#functions/control-api/schemas.ts';
import { errorMessage } from '#scripts/terminal/errors.ts';
import { CommandError } from './command-error.ts';
import type { Connection } from './connection.ts';

/** For an answer with its body. The API's own limits are shorter. */
const ANSWER_TIMEOUT_MS = 20_000;

interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the API's address, with a slash in front. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** What a change depends on: the version that the stream has to be at, or null for any. */
export interface ChangeOptions {
  readonly ifVersion: number | null;
}

/**
 * The control API. Every method throws a CommandError: `refused` with the API's own words, `unreachable` where nothing
 * answers, or what answers isn't the API.
 */
export class ControlApi {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> {
    return this.#read({ method: 'GET', path }, schema);
  }

  /** An answer that gets lost on the way is asked for once more, by the same idempotency key: nothing is made twice. */
  async post<Schema extends z.ZodType>(
    { path, body, ifVersion }: { readonly path: string; readonly body?: object } & ChangeOptions,
    schema: Schema,
  ): Promise<z.infer<Schema>> {
    const headers = { 'Idempotency-Key': randomUUID(), ...ifMatch(ifVersion) };
    const request = { method: 'POST', path, headers, ...(body === undefined ? {} : { body }) } as const;
    try {
      return await this.#read(request, schema);
    } catch (error) {
      if (error instanceof CommandError && error.kind === 'unreachable') return this.#read(request, schema);
      throw error;
    }
  }

  patch<Schema extends z.ZodType>(
    { path, body, ifVersion }: { readonly path: string; readonly body: object } & ChangeOptions,
    schema: Schema,
  ): Promise<z.infer<Schema>> {
    return this.#read({ method: 'PATCH', path, headers: ifMatch(ifVersion), body }, schema);
  }

  async delete({ path, ifVersion }: { readonly path: string } & ChangeOptions): Promise<void> {
    await this.#text({ method: 'DELETE', path, headers: ifMatch(ifVersion) });
  }

  /** A body that comes for as long as the signal lets it. */
  async follow(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#send({ method: 'GET', path, headers: { Accept: 'text/event-stream' } }, signal);
    if (response.body === null) throw this.#notTheApi('an empty answer');
    return response.body;
  }

  /** What the API sent as JSON. */
  parse<Schema extends z.ZodType>(text: string, schema: Schema): z.infer<Schema> {
    const parsed = schema.safeParse(parseJson(text));
    if (!parsed.success) throw this.#notTheApi('an answer of another shape');
    return parsed.data;
  }

  /** Something went wrong on the way to the API or back. */
  unreachable(cause: unknown): CommandError {
    const { apiUrl, hint } = this.#connection;
    return new CommandError('unreachable', `No answer from ${apiUrl}: ${reasonOf(cause)}.${hint}`, { cause });
  }

  async #read<Schema extends z.ZodType>(request: ApiRequest, schema: Schema): Promise<z.infer<Schema>> {
    return this.parse(await this.#text(request), schema);
  }

  async #text(request: ApiRequest): Promise<string> {
    const response = await this.#send(request, AbortSignal.timeout(ANSWER_TIMEOUT_MS));
    try {
      return await response.text();
    } catch (cause) {
      throw this.unreachable(cause);
    }
  }

  async #send({ method, path, headers, body }: ApiRequest, signal: AbortSignal): Promise<Response> {
    const { apiUrl, token } = this.#connection;
    let response: Response;
    try {
      response = await fetch(`${apiUrl}${path}`, {
        method,
        headers: {
          ...headers,
          Authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // The token is for this address and no other.
        redirect: 'manual',
        signal,
      });
    } catch (cause) {
      throw this.unreachable(cause);
    }
    if (!response.ok) throw await this.#refusal(response);
    return response;
  }

  async #refusal(response: Response): Promise<CommandError> {
    const text = await response.text().catch((cause: unknown) => {
      throw this.unreachable(cause);
    });
    const problem = problemSchema.safeParse(parseJson(text));
    if (!problem.success) return this.#notTheApi(`status ${response.status}`);
    const { status, title, detail = title, errors } = problem.data;
    const reasons = errors?.map((error) => `${error.field || 'body'}: ${error.detail}`) ?? [detail];
    return new CommandError('refused', reasons.map((reason) => `Refused (${status}): ${reason}`).join('\n'));
  }

  #notTheApi(answer: string): CommandError {
    return new CommandError(
      'unreachable',
      `${this.#connection.apiUrl} is not Headend's control API: it gave ${answer}.`,
    );
  }
}

const ifMatch = (version: number | null): Record<string, string> =>
  version === null ? {} : { 'If-Match': `"${version}"` };

/** Null for what isn't JSON, which is no answer of the API's either. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What fetch says of a network failure is in its cause (undici); of a host with several addresses, in its code. */
function reasonOf(error: unknown): string {
  const cause = isNativeError(error) && error.cause !== undefined ? error.cause : error;
  return errorMessage(cause).replace(/\s+/g, ' ').trim() || String((cause as NodeJS.ErrnoException).code);
}
