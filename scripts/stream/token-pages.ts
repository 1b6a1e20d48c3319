import { tokenListSchema } from '#functions/control-api/schemas.ts';
import type { ReadPage } from './collect-pages.ts';
import type { ControlApi } from './control-api.ts';

/** Reads a page of admin tokens. */
export const tokenPages =
  (api: ControlApi): ReadPage<{ readonly id: string; readonly name: string; readonly createdAt: string }> =>
  async (query) => {
    const { tokens, nextCursor } = await api.get(`/tokens?${query}`, tokenListSchema);
    return { entries: tokens, nextCursor };
  };
