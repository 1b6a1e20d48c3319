/** Longer than any healthy server takes, but short enough to retry while the viewer still waits. */
export const STATUS_TIMEOUT_MS = 4000;
