import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { callApi } from './api.ts';
import type { StudioStream } from './studio-stream.ts';

/** Before tokens expire, new ones are made. */
const RENEW_BEFORE_MS = 5 * 60_000;
const RETRY_MS = 10_000;

/** Where the studio sees and measures a stream. */
export interface PreviewAccess {
  readonly embedUrl: string;
  readonly healthUrl: string;
  readonly expiresAt: string;
}

/** Addresses with tokens for a stream's picture and health. Null until there are some. New ones when its status changes: a preview is elsewhere. */
export function usePreviewAccess({ id, playbackId, status }: StudioStream): PreviewAccess | null {
  const access = useSignal<PreviewAccess | null>(null);
  useEffect(() => {
    let timer: number | undefined;
    let isOver = false;
    const renew = async (): Promise<void> => {
      const made = await callApi<PreviewAccess>({
        method: 'POST',
        path: `/api/streams/${id}/preview-tokens`,
        body: {},
      }).catch(() => null);
      if (isOver) return;
      if (made !== null) access.value = made;
      const pauseMs = made === null ? RETRY_MS : Date.parse(made.expiresAt) - Date.now() - RENEW_BEFORE_MS;
      timer = window.setTimeout(() => void renew(), Math.max(RETRY_MS, pauseMs));
    };
    void renew();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [id, playbackId, status]);
  return access.value;
}
