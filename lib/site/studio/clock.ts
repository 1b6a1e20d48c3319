import { computed, signal } from '@preact/signals';

/** The origin makes a new poster no more often than this. */
const POSTER_MS = 10_000;

/** The time in whole seconds, in milliseconds since 1970. What shows it is drawn again each second. */
export const nowMs = signal(Date.now());

/** Changes when there may be new posters. */
export const posterPeriod = computed(() => Math.floor(nowMs.value / POSTER_MS));

window.setInterval(() => {
  if (!document.hidden) nowMs.value = Date.now();
}, 1_000);
