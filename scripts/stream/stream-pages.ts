import { type StreamBody, streamListSchema } from '#functions/control-api/schemas.ts';
import type { ReadPage } from './collect-pages.ts';
import type { ControlApi } from './control-api.ts';

/** Reads a page of streams. */
export const streamPages =
  (api: ControlApi): ReadPage<StreamBody> =>
  async (query) => {
    const { streams, nextCursor } = await api.get(`/streams?${query}`, streamListSchema);
    return { entries: streams, nextCursor };
  };
