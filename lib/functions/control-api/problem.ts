import type { Hook } from '@hono/zod-openapi';
import type { Env, ErrorHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { Logger } from 'pino';
import { isStoreUnavailable } from '#runtime/store-unavailable.ts';
import { type FieldError, toFieldErrors } from './field-errors.ts';

/** Media type of every error (RFC 9457 section 3). */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** The response to a refused request: the members of RFC 9457 and, for invalid input, one entry per field. */
export interface Problem {
  readonly status: keyof typeof TITLES;
  /** An explanation for the author of the request. Null if the title is enough. */
  readonly detail: string | null;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
}

const TITLES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
} as const;

/** How long a client should wait after a 503. */
const RETRY_AFTER_SECONDS = 5;

/** A 503 with a `Retry-After` header. */
export const tryAgain = (detail: string): Problem => ({
  status: 503,
  detail,
  headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
});

/** Converts a problem to a response. */
export function problemResponse({ status, detail, errors, headers }: Problem): Response {
  const body = {
    type: 'about:blank',
    title: TITLES[status],
    status,
    ...(detail === null ? {} : { detail }),
    ...(errors === undefined ? {} : { errors }),
  };
  return new Response(JSON.stringify(body), { status, headers: { ...headers, 'Content-Type': PROBLEM_MEDIA_TYPE } });
}

/** Thrown to end a request with a problem. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail ?? TITLES[problem.status]);
    this.problem = problem;
  }
}

/**
 * Hono's error handler. A ProblemError or an HTTPException of the framework tells the client what is wrong. A database
 * that does not answer is a 503. Any other error is logged and becomes a 500 without details.
 */
export function createErrorHandler(log: Logger): ErrorHandler {
  return (error, context) => {
    if (error instanceof ProblemError) return problemResponse(error.problem);
    if (error instanceof HTTPException && isProblemStatus(error.status)) {
      return problemResponse({ status: error.status, detail: error.message });
    }
    log.error({ err: error, method: context.req.method, path: context.req.path }, 'request failed');
    if (!isStoreUnavailable(error)) return problemResponse({ status: 500, detail: null });
    return problemResponse(tryAgain('The database did not answer; try again.'));
  };
}

const isProblemStatus = (status: number): status is Problem['status'] => status in TITLES;

/** Converts a failed validation to a 422 that names every invalid field. */
export const refuseInvalid: Hook<unknown, Env, string, Response | undefined> = (result) => {
  if (result.success) return undefined;
  return problemResponse(invalidFields(result.error.issues.flatMap((issue) => toFieldErrors(issue, inputOf(result)))));
};

/** What was validated. The hook's type does not have it (@hono/zod-validator passes it with every result). */
const inputOf = (result: object): unknown => ('data' in result ? result.data : undefined);

/** A 422 that names these fields. */
export function invalidFields(errors: readonly FieldError[]): Problem {
  const detail = errors.map((error) => `${error.field || 'body'}: ${error.detail}`).join('; ');
  return { status: 422, detail, errors };
}
