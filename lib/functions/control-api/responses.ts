import type { z } from '@hono/zod-openapi';
import { PROBLEM_MEDIA_TYPE } from './problem.ts';
import { problemSchema } from './schemas.ts';

/** A JSON answer, as a route of the OpenAPI document describes it. */
export const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

/** The same with the stream's version as its `ETag`. */
export const jsonWithTag = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  ...json(schema, description),
  headers: { ETag: { schema: { type: 'string' as const }, description: 'Version of the settings, for `If-Match`' } },
});

/** A JSON body. */
export const jsonBody = <Schema extends z.ZodType>(schema: Schema) => ({
  content: { 'application/json': { schema } },
});

/** What asks for an admin token. */
export const ADMIN_ONLY = [{ adminToken: [] }];

const problem = (description: string) => ({
  description,
  content: { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } },
});

const PROBLEMS = {
  400: problem('The body is not JSON'),
  401: problem('No valid admin token'),
  404: problem('There is nothing with this id'),
  409: problem('Something else has changed it at the same time, or its state does not allow it'),
  412: problem('It is not at the version that `If-Match` names'),
  413: problem('The body is too large'),
  415: problem('The body is not application/json'),
  422: problem('Fields, parameters or headers are invalid'),
  503: problem('The database, or the store of keys, does not answer; `Retry-After` says when to try again'),
};

/** The errors that a route may answer. */
export function problems<Status extends keyof typeof PROBLEMS>(
  ...statuses: readonly Status[]
): Pick<typeof PROBLEMS, Status> {
  return Object.fromEntries(statuses.map((status) => [status, PROBLEMS[status]])) as Pick<typeof PROBLEMS, Status>;
}
