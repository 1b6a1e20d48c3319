import type { z } from '@hono/zod-openapi';
import { PROBLEM_MEDIA_TYPE } from './problem.ts';
import { problemSchema } from './schemas.ts';

/** A JSON response in the OpenAPI document. */
export const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

/** A JSON response with the stream's version as its `ETag`. */
export const jsonWithTag = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  ...json(schema, description),
  headers: { ETag: { schema: { type: 'string' as const }, description: 'Version of the settings, for `If-Match`' } },
});

/** A JSON request body in the OpenAPI document. */
export const jsonBody = <Schema extends z.ZodType>(schema: Schema) => ({
  content: { 'application/json': { schema } },
});

const problem = (description: string) => ({
  description,
  content: { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } },
});

const PROBLEMS = {
  400: problem('The body is not JSON'),
  401: problem('There is no admin token and no session, or it is not valid'),
  403: problem('The caller does not have the scope that the route needs, or not for all streams'),
  404: problem('Nothing has this id'),
  409: problem('Another request made a change at the same time, or the current state does not allow the request'),
  412: problem('The stream is not at a version that `If-Match` names'),
  413: problem('The body is too large'),
  415: problem('The body has a media type that the route does not take'),
  422: problem('A field, parameter or header is not valid'),
  429: problem('This caller asks too often. `Retry-After` says when to try again'),
  503: problem('The database or the store of viewer token keys does not answer. `Retry-After` says when to try again'),
};

/** What every route that needs a token may answer. */
const ALWAYS = [401, 403, 429, 503] as const;

/** The error responses of a route that needs a token, besides those that each of them has. */
export function problems<Status extends keyof typeof PROBLEMS>(
  ...statuses: readonly Status[]
): Pick<typeof PROBLEMS, Status | (typeof ALWAYS)[number]> {
  return Object.fromEntries([...ALWAYS, ...statuses].map((status) => [status, PROBLEMS[status]])) as Pick<
    typeof PROBLEMS,
    Status | (typeof ALWAYS)[number]
  >;
}
