import type { OriginRequest } from '#encoder/origin/origin-handler.ts';
import type { ForwardedResponse } from '#encoder/origin/origin-response.ts';
import type { TaskAnswer } from './answers/answer-connection.ts';
import { headerOf } from './answers/answer-head.ts';

/** The fencing epoch: in a request, the one that the asker knows; in an answer, the one under which it was given. */
export const EPOCH_HEADER = 'headend-epoch';

/** What is not passed on: headers of one connection (RFC 9110 7.6.1), and our own. */
const HOP_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  EPOCH_HEADER,
]);
/** What the origin reads of a request. It answers without them, too. */
const PASSED_HEADERS = ['accept-encoding', 'range', 'if-range'] as const;
/** More than players send. A task refuses a request whose headers have more than 8 KB, ours included. */
const MAX_PASSED_LENGTH = 2_048;

/** The headers of a viewer's request with which another task is asked. */
export function passedHeaders({ headers }: OriginRequest, epoch: number): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of PASSED_HEADERS) {
    const value = headers[name];
    if (value !== undefined) passed[name] = String(value);
  }
  // All or none: an If-Range without its Range, or the other way round, means something else.
  const isShort = Object.values(passed).join('').length <= MAX_PASSED_LENGTH;
  return { ...(isShort ? passed : {}), [EPOCH_HEADER]: String(epoch) };
}

/** 0 if the answer has none. */
export const epochOf = ({ headers }: TaskAnswer): number => Number(headerOf(headers, EPOCH_HEADER) ?? 0);

/** Another task's answer as viewers get it. */
export function toForwarded({ status, headers, body }: TaskAnswer): ForwardedResponse {
  const passed: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const [name = '', value = ''] = headers.slice(at, at + 2);
    if (!HOP_HEADERS.has(name)) passed.push(name, value);
  }
  return { status, headers: passed, stream: body };
}
