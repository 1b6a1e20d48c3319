import type { ApiFailure } from './api.ts';
import { text } from './text.ts';

const TOO_MANY_REQUESTS = 429;

/** What a person reads of a request that failed. The API explains its refusals itself, in English. */
export function failureText({ status, message, fields }: ApiFailure): string {
  if (status === null) return text.unreachable;
  if (status === TOO_MANY_REQUESTS) return text.tooMany;
  const details = fields.map(({ field, detail }) => `${field}: ${detail}`);
  return [message, ...details].filter((each) => each !== '').join(' ') || text.failed;
}
