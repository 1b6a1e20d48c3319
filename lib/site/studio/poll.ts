import { useEffect } from 'preact/hooks';

/** After failures, the pause grows up to so many times the usual one. */
const LONGEST_PAUSE = 8;

/**
 * Calls a function again and again while a component is shown: `pauseMs` after the end of each call, and at once when the page comes
 * back into view. A page in the background asks for nothing. The function's rejection only makes the pause longer.
 */
export function usePoll(call: () => Promise<unknown>, pauseMs: number, dependencies: readonly unknown[]): void {
  useEffect(() => {
    let timer: number | undefined;
    let isOver = false;
    let failures = 0;
    let isCalling = false;
    const turn = async (): Promise<void> => {
      if (isCalling || isOver || document.hidden) return;
      isCalling = true;
      clearTimeout(timer);
      failures = await call().then(
        () => 0,
        () => failures + 1,
      );
      isCalling = false;
      if (!isOver) timer = window.setTimeout(turn, pauseMs * Math.min(2 ** failures, LONGEST_PAUSE));
    };
    const onVisible = () => void turn();
    document.addEventListener('visibilitychange', onVisible);
    void turn();
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, dependencies);
}
