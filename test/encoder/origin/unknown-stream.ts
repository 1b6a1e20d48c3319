import { statusResponse } from '#encoder/origin/origin-handler.ts';
import { NOT_FOUND, type OriginResponse } from '#encoder/origin/origin-response.ts';
import type { StreamTarget } from '#encoder/origin/request-target.ts';

/** The answer of a cluster for a stream that no task holds. */
export const unknownStream = (target: StreamTarget): OriginResponse =>
  target.kind === 'status' ? statusResponse(target, { status: 'unknown' }) : NOT_FOUND;
