/** Pauses. Resolves to true as soon as the browser is online again, else to false after the time, in milliseconds. */
export function pauseUntilOnline(milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const onOnline = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    const timer = setTimeout(() => {
      window.removeEventListener('online', onOnline);
      resolve(false);
    }, milliseconds);
    window.addEventListener('online', onOnline, { once: true });
  });
}
